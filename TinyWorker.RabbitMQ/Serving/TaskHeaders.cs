using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>What a host reads in the headers of a task.</summary>
internal readonly struct TaskHeaders
{
    private const double LongestTimer = uint.MaxValue - 1;   // in milliseconds: what the local troupe can do

    private readonly IReadOnlyBasicProperties _task;

    public TaskHeaders(IReadOnlyBasicProperties task)
    {
        _task = task;
        Before = (int)Math.Clamp(
            (double)Number(MessageHeaders.DeliveryCount).GetValueOrDefault() + Number(MessageHeaders.Before).GetValueOrDefault(),
            0, int.MaxValue - 1);
    }

    /// <summary>How often the task was delivered before.</summary>
    public int Before { get; }

    public int Attempt => Before + 1;

    /// <summary>The submitter's contract, as text; "none" if there is none.</summary>
    public string Contract => TraceHeaders.TextOf(_task, MessageHeaders.Contract) ?? "none";

    /// <summary>How long the task may still take; null for no limit. Zero or less: its deadline has passed.</summary>
    public TimeSpan? LeftOfDeadline(TimeProvider clock)
    {
        if (Number(MessageHeaders.Deadline) is not { } deadline) return null;
        var left = (double)deadline - clock.GetUtcNow().ToUnixTimeMilliseconds();
        if (left <= 0) return TimeSpan.Zero;   // however far back it lies: no TimeSpan may hold that
        return left < LongestTimer ? TimeSpan.FromMilliseconds(left) : null;
    }

    /// <summary>How long one attempt may take, as the local troupe understands it.</summary>
    public TimeSpan? Timeout => Number(MessageHeaders.Timeout) switch
    {
        null => null,
        { } milliseconds when milliseconds > 0 && milliseconds < LongestTimer => TimeSpan.FromMilliseconds((double)milliseconds),
        _ => System.Threading.Timeout.InfiniteTimeSpan,
    };

    private long? Number(string header) => Death.NumberOf(_task, header);
}
