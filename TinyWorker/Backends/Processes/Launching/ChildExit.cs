namespace TinyWorker.Backends.Processes.Launching;

/// <summary>How a child ended.</summary>
/// <param name="ProcessId">Which it was.</param>
/// <param name="Code">Its exit code; 128 and the signal's number where a signal ended it.</param>
/// <param name="Signal">
/// The name of the signal, null if none did or the system has none. A process that itself exits with 137 looks as if it had been killed.
/// </param>
/// <param name="LastErrors">The last lines of its stderr, oldest first.</param>
internal sealed record ChildExit(int ProcessId, int Code, string? Signal, IReadOnlyList<string> LastErrors)
{
    public override string ToString() => Signal is null ? $"exit code {Code}" : $"exit code {Code}, {Signal}";
}
