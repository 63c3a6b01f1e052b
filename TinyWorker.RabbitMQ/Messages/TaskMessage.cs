using System.Diagnostics;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.Tasks;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>What all messages with tasks of a troupe have in common.</summary>
/// <param name="Exchange">Where they go.</param>
/// <param name="Contract">The contract of the submitter.</param>
/// <param name="ContentType">The content type of their bodies.</param>
/// <param name="TimeProvider">The clock of deadlines.</param>
internal sealed record TaskMessageFormat(string Exchange, string Contract, string ContentType, TimeProvider TimeProvider);

/// <summary>
/// The message of one task, which may be sent more than once. It is used again for another task, once its publisher is done with it: nothing
/// is allocated for a task but its id.
/// </summary>
internal abstract class TaskMessage : Publication
{
    private const int MostHeaders = 8;

    private static readonly object True = true;

    private readonly TaskMessageFormat _format;
    private readonly KeptHeaders _headers = new(MostHeaders);
    private readonly BasicProperties _properties = new();
    private ReadOnlyMemory<byte> _body;
    private string _routingKey = "";

    protected TaskMessage(TaskMessageFormat format)
    {
        _format = format;
        _properties.ContentType = format.ContentType;
        _properties.DeliveryMode = DeliveryModes.Persistent;
        _properties.Headers = _headers;
    }

    public override string Exchange => _format.Exchange;

    public override string RoutingKey => _routingKey;

    public override BasicProperties Properties => _properties;

    public override ReadOnlyMemory<byte> Body => _body;

    /// <summary>The id of the task.</summary>
    public string TaskId => _properties.MessageId ?? "";

    /// <summary>Makes it the message of this task.</summary>
    /// <param name="taskId">The id of the task: of the message, and of its reply.</param>
    /// <param name="body">The input.</param>
    /// <param name="terms">What the task asks for.</param>
    /// <param name="activity">The activity of the submitter; null for none.</param>
    public void Write(string taskId, ReadOnlyMemory<byte> body, in ForwardedTerms terms, Activity? activity)
    {
        _body = body;
        _properties.MessageId = taskId;
        _properties.CorrelationId = taskId;
        _headers.Clear();
        _headers[MessageHeaders.Contract] = _format.Contract;
        if (terms.DeadlineIn is { } deadline)
            _headers[MessageHeaders.Deadline] = (_format.TimeProvider.GetUtcNow() + deadline).ToUnixTimeMilliseconds();
        if (terms.Timeout is { } timeout)
            _headers[MessageHeaders.Timeout] = timeout == Timeout.InfiniteTimeSpan ? -1L : (long)Math.Ceiling(timeout.TotalMilliseconds);
        TraceHeaders.Write(_headers, activity);
    }

    /// <summary>Where the reply goes, from the next sending on.</summary>
    public void ReplyTo(string replyQueue)
    {
        _routingKey = replyQueue;   // that of a dead letter, too: the submitter hears of it
        _properties.ReplyTo = replyQueue;
    }

    /// <summary>From the next sending on it says that it was sent before.</summary>
    public void MarkResent() => _headers[MessageHeaders.Resent] = True;

    /// <summary>Drops the input.</summary>
    public void Clear() => _body = default;
}
