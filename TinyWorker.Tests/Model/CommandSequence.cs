using System.Collections.Immutable;

namespace TinyWorker.Tests.Model;

/// <summary>A troupe and the commands to run on it. Its text is the call that runs it again.</summary>
internal sealed record CommandSequence(Setup Setup, ImmutableArray<Command> Commands)
{
    public override string ToString()
    {
        string[] arguments = [Setup.ToString(), .. Commands.Select(command => command.ToString())];
        return $"Run({string.Join("," + Environment.NewLine + "    ", arguments)});";
    }
}

/// <summary>The options of the troupe. The unit of time is an hour.</summary>
internal sealed record Setup(
    int Workers = 1, int Capacity = 1, int? Timeout = null, int? MaxTasks = null, bool IsAsync = false, int Attempts = 1)
{
    public const int Grace = 4;

    public TimeSpan? TaskTimeout => Timeout is { } hours ? TimeSpan.FromHours(hours) : null;

    /// <summary>What is tried again, if there are attempts left.</summary>
    public Func<Exception, bool>? RetryWhen => Attempts == 1 ? null : static exception => exception is FormatException;

    public TimeSpan CancellationGrace => TimeSpan.FromHours(Grace);

    public override string ToString() =>
        $"new({Workers}, {Capacity}, {Timeout?.ToString() ?? "null"}, {MaxTasks?.ToString() ?? "null"}, {(IsAsync ? "true" : "false")}, {Attempts})";
}
