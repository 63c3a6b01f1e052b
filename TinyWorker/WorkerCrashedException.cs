namespace TinyWorker;

/// <summary>
/// The worker process that ran the task died before the task ended: it was killed, exited by itself, overflowed its stack, ran out of
/// memory, or crashed in native code. The worker was replaced, and no other task was lost.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
public sealed class WorkerCrashedException : TroupeException
#pragma warning restore CA1032
{
    private const int LinesInMessage = 5;

    /// <summary>How: "overflowed its stack", or null for what the exit code and the signal tell. Remedy: what to do about it, as the
    /// beginning of a sentence; null if that is not known.</summary>
    internal WorkerCrashedException(
        string troupe, int processId, int? exitCode, string? signal, IReadOnlyList<string> lastErrorLines, int attempts,
        Exception? cause = null, string? how = null, int linesInMessage = LinesInMessage,
        string? remedy = null)
        : base(troupe, Describe(troupe, processId, exitCode, signal, lastErrorLines, attempts, cause, how, linesInMessage, remedy), cause)
    {
        ProcessId = processId;
        ExitCode = exitCode;
        Signal = signal;
        LastErrorLines = lastErrorLines;
        Attempts = attempts;
    }

    /// <summary>The process that died; the last one if the task was tried more than once.</summary>
    public int ProcessId { get; }

    /// <summary>The exit code of the process.</summary>
    /// <value>Null if it is not known, as when a signal killed the process.</value>
    public int? ExitCode { get; }

    /// <summary>The signal that killed the process, such as <c>SIGKILL</c>.</summary>
    /// <value>Null if there was none, or it is not known.</value>
    public string? Signal { get; }

    /// <summary>
    /// The last lines that the process wrote to its stderr. If the runtime reported there why it ended the process (an overflow of the
    /// stack, <c>Environment.FailFast</c>, an unhandled exception on another thread), these are the five lines before its report and the
    /// report, of which the first lines and frames are kept, without those of the library.
    /// </summary>
    /// <value>Empty if it wrote nothing.</value>
    public IReadOnlyList<string> LastErrorLines { get; }

    /// <summary>How many workers the task was given to, each of which died.</summary>
    public int Attempts { get; }

    private static string Describe(
        string troupe, int processId, int? exitCode, string? signal, IReadOnlyList<string> lastErrorLines, int attempts, Exception? cause,
        string? how, int linesInMessage, string? remedy)
    {
        how ??= (signal, exitCode) switch
        {
            ("SIGSEGV" or "SIGBUS" or "SIGILL" or "SIGFPE" or "SIGTRAP" or "SIGSYS", _) =>
                $"crashed in native code and was killed by {signal}",
            ("SIGABRT", _) => $"ended itself by abort(), as native code does that fails, and was killed by {signal}",
            ("SIGKILL", _) => $"was killed by {signal} (by another process, or by the system because memory ran out)",
            (not null, _) => $"was killed by {signal}",
            (null, { } code) => Text($"left with exit code {code}"),
            _ => "was lost",
        };
        var why = cause is null ? "" : $" ({cause.Message})";
        var advice = attempts == 1
            ? (remedy ?? "Look for what ended it") +
              "; if the task may safely be run again, TinyTroupeOptions.MaxAttempts above 1 gives it to another worker."
            : Text($"It was attempt {attempts}, and each ended like that: it is likely the task itself that ends its worker.") +
              (remedy is null ? "" : $" {remedy}.");
        var shown = lastErrorLines.Skip(lastErrorLines.Count - linesInMessage).Select(line => $"{Environment.NewLine}  {line}");
        var lines = lastErrorLines.Count == 0 ? "" : $"{Environment.NewLine}Its last lines on stderr:{string.Concat(shown)}";
        return Text($"The worker process {processId} of '{troupe}' {how}{why} before its task ended. {advice}{lines}");

        static string Text(FormattableString text) => FormattableString.Invariant(text);
    }
}
