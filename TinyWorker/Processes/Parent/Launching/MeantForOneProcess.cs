namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Variables by which a tool or a user speaks to the runtime of this process alone. A child does not inherit them: its runtime would wait at
/// its start for a tool that knows of this process only, or write into the file of this process.
/// </summary>
internal static class MeantForOneProcess
{
    private const string EventPipe = "EnableEventPipe";
    private const string EventPipeFile = "EventPipeOutputPath";
    private const string ProcessId = "{pid}";

    private static readonly string[] Prefixes = ["DOTNET_", "COMPlus_"];   // the runtime reads both
    private static readonly string[] Diagnostics = ["DiagnosticPorts", "DefaultDiagnosticPortSuspend"];

    public static void Remove(IDictionary<string, string?> variables)
    {
        foreach (var prefix in Prefixes)
        {
            foreach (var name in Diagnostics) variables.Remove(prefix + name);
        }

        // A file of its own for each process harms nobody. Without a path, the name has no process id, either.
        if (!FilesOf(variables).Any(file => file.Contains(ProcessId, StringComparison.Ordinal)))
            foreach (var prefix in Prefixes) variables.Remove(prefix + EventPipe);
    }

    private static IEnumerable<string> FilesOf(IDictionary<string, string?> variables) =>
        Prefixes.Select(prefix => variables.TryGetValue(prefix + EventPipeFile, out var file) ? file : null).OfType<string>();
}
