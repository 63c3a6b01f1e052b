using System.Globalization;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>How a child ended.</summary>
/// <param name="ProcessId">The id of the process.</param>
/// <param name="Code">Its exit code; 128 plus the signal's number if a signal ended it.</param>
/// <param name="Signal">
/// The name of the signal; null if no signal ended it, or the system has none. A process that exits with 137 by itself looks as if it was
/// killed.
/// </param>
/// <param name="LastErrors">The last lines of its stderr, oldest first. If the runtime reported a crash there, the report.</param>
internal sealed record ChildExit(int ProcessId, int Code, string? Signal, IReadOnlyList<string> LastErrors)
{
    private const int LastLinesInMessage = 5;

    /// <summary>What the runtime reported when it ended the process; null if it did not.</summary>
    public CrashReport? Report { get; init; }

    /// <summary>Why this process killed it, as the end of a sentence; null if this process did not, or had no reason to tell.</summary>
    public string? KilledBecause { get; init; }

    /// <summary>What to do about that, as the beginning of a sentence; null if it is not known.</summary>
    public string? Remedy { get; init; }

    /// <summary>The error of the task that the child had.</summary>
    /// <param name="troupe">Its troupe.</param>
    /// <param name="attempts">How many workers the task was given to.</param>
    /// <param name="cause">What was seen of the loss; null if it was the end of the connection.</param>
    public WorkerCrashedException Lost(string troupe, int attempts, Exception? cause)
    {
        var how = KilledBecause is not null ? $"was killed because {KilledBecause}"
            : Report is not null ? Report.ToString()
            : null;
        return new WorkerCrashedException(
            troupe, ProcessId, Code, Signal, LastErrors, attempts, cause, how, Report?.Length ?? LastLinesInMessage, Remedy);
    }

    public override string ToString()
    {
        var code = string.Create(CultureInfo.InvariantCulture, $"exit code {Code}");
        var why = KilledBecause is not null ? $"killed because {KilledBecause}" : Report?.ToString();
        return string.Join(", ", new[] { code, Signal, why }.Where(part => part is not null));
    }
}
