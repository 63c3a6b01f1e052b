namespace TinyWorker;

/// <summary>
/// The worker process that had the task died before the task ended: it was killed, left by itself, overflowed its stack, ran out of memory,
/// or crashed in native code. The worker was replaced, and no other task is concerned.
/// </summary>
#pragma warning disable CA1032 // Made by the library alone.
public sealed class WorkerCrashedException : TroupeException
#pragma warning restore CA1032
{
    private const int LinesInMessage = 5;

    internal WorkerCrashedException(
        string troupe, int processId, int? exitCode, string? signal, IReadOnlyList<string> lastErrorLines, int attempts, Exception? cause = null)
        : base(troupe, Describe(troupe, processId, exitCode, signal, lastErrorLines, attempts, cause), cause)
    {
        ProcessId = processId;
        ExitCode = exitCode;
        Signal = signal;
        LastErrorLines = lastErrorLines;
        Attempts = attempts;
    }

    /// <summary>The process that died; the last of them if the task was tried more than once.</summary>
    public int ProcessId { get; }

    /// <summary>What it left behind as its exit code.</summary>
    /// <value>Null if that is not known, as when a signal killed it.</value>
    public int? ExitCode { get; }

    /// <summary>The signal that killed it, such as <c>SIGKILL</c>.</summary>
    /// <value>Null if there was none, or it is not known.</value>
    public string? Signal { get; }

    /// <summary>What it wrote to its stderr last, by line.</summary>
    /// <value>Empty if it wrote nothing.</value>
    public IReadOnlyList<string> LastErrorLines { get; }

    /// <summary>How many workers the task was given to, each of which died.</summary>
    public int Attempts { get; }

    private static string Describe(
        string troupe, int processId, int? exitCode, string? signal, IReadOnlyList<string> lastErrorLines, int attempts, Exception? cause)
    {
        var how = (signal, exitCode) switch
        {
            (not null, _) => $"was killed by {signal}",
            (null, { } code) => Text($"left with exit code {code}"),
            _ => "was lost",
        };
        var why = cause is null ? "" : $" ({cause.Message})";
        var advice = attempts == 1
            ? "Look for what ended it; if the task may safely be run again, TinyTroupeOptions.MaxAttempts above 1 gives it to another worker."
            : Text($"It was attempt {attempts}, and each ended like that: it is likely the task itself that ends its worker.");
        var shown = lastErrorLines.Skip(lastErrorLines.Count - LinesInMessage).Select(line => $"{Environment.NewLine}  {line}");
        var lines = lastErrorLines.Count == 0 ? "" : $"{Environment.NewLine}Its last lines on stderr:{string.Concat(shown)}";
        return Text($"The worker process {processId} of '{troupe}' {how}{why} before its task ended. {advice}{lines}");

        static string Text(FormattableString text) => FormattableString.Invariant(text);
    }
}
