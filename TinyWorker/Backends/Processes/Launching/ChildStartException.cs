namespace TinyWorker.Backends.Processes.Launching;

/// <summary>A child could not be started: there was no process to be had, it ended before it had connected, or it took too long.</summary>
#pragma warning disable CA1032, CA1064 // Made here alone, and goes out inside a public exception.
internal sealed class ChildStartException : Exception
#pragma warning restore CA1032, CA1064
{
    public ChildStartException(string name, ChildCommand command, string obstacle, ChildExit? exit, Exception? innerException)
        : base(Describe(name, command, obstacle, exit), innerException) => Exit = exit;

    /// <summary>How the process ended, if need be because it was killed for not connecting; null if there was none, or it does not end.</summary>
    public ChildExit? Exit { get; }

    private static string Describe(string name, ChildCommand command, string obstacle, ChildExit? exit)
    {
        var howToEnter = exit is null || ChildHost.WasAsked
            ? ""
            : " If it has run the program's own Main, call TinyTroupeHost.RunIfWorker() in the first line of that.";
        var message = $"The worker process '{name}' {obstacle}{(exit is null ? "" : $" ({exit})")}. It was started as: {command}."
            + howToEnter;
        return exit is { LastErrors: { Count: > 0 } lines }
            ? $"{message} Its last output:{Environment.NewLine}{string.Join(Environment.NewLine, lines)}"
            : message;
    }
}
