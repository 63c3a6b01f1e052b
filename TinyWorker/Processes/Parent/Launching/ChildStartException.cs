using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>A child could not be started: the system gave no process, or it ended before it had connected, or it took too long.</summary>
#pragma warning disable CA1032, CA1064 // Made here alone, and goes out inside a public exception.
internal sealed class ChildStartException : Exception
#pragma warning restore CA1032, CA1064
{
    public ChildStartException(string name, ChildCommand command, string obstacle, ChildExit? exit, Exception? innerException)
        : base(Describe(name, command, obstacle, exit, innerException), innerException) => Exit = exit;

    /// <summary>
    /// How the process ended, perhaps because it was killed for not connecting; null if there was no process, or it does not end.
    /// </summary>
    public ChildExit? Exit { get; }

    private static string Describe(string name, ChildCommand command, string obstacle, ChildExit? exit, Exception? cause)
    {
        var how = exit is null ? "" : $" ({HostError.Of(exit) ?? exit.ToString()})";
        var message = $"The worker process '{name}' {obstacle.TrimEnd('.')}{how}. {Advice(exit, cause)}It was started as: {command}.";
        return exit is { LastErrors: { Count: > 0 } lines }
            ? $"{message} Its last output:{Environment.NewLine}{string.Join(Environment.NewLine, lines)}"
            : message;
    }

    // What to do. What the user's own surroundings are at fault for says so itself.
    private static string Advice(ChildExit? exit, Exception? cause) => cause switch
    {
        null when exit is null || ChildCommand.IsCalledByMain => "",
        // SIGKILL: it has not connected in time, and was killed.
        null when exit.Signal is not (null or "SIGKILL") || HostError.Of(exit) is not null => "",
        null => "If it has run the program's own Main, call TinyTroupeHost.RunIfWorker() in the first line of that. ",
        _ when HostSystem.Current.IsOutOfFiles(ErrorOf(cause)) =>
            "This process may open no more files: raise the limit (ulimit -n), or have fewer workers. Each needs six files here. ",
        _ when HostSystem.Current.IsOutOfProcesses(ErrorOf(cause)) || cause is OutOfMemoryException =>
            "The system gives no more processes, threads or memory: raise the limit (ulimit -u, the limits of the container), or have "
            + "fewer workers. ",
        _ => "",
    };

    private static int ErrorOf(Exception cause) => cause switch
    {
        SocketException e => e.NativeErrorCode,
        Win32Exception e => e.NativeErrorCode,
        IOException e => e.HResult,   // on Unix, .NET puts the number of the error there
        _ => 0,
    };

    /// <summary>
    /// The errors of the .NET host and the runtime before any code runs. Of an error such as 0x80008089, Unix leaves the last byte, which
    /// .NET reports like a death by signal 9. https://github.com/dotnet/runtime/blob/main/docs/design/features/host-error-codes.md
    /// </summary>
    private static class HostError
    {
        private const int Errors = unchecked((int)0x80008000);

        private static readonly Dictionary<int, string> Names = new()
        {
            [0x81] = "InvalidArgFailure: an argument of the host is wrong",
            [0x82] = "CoreHostLibLoadFailure: a library of the host could not be loaded",
            [0x83] = "CoreHostLibMissingFailure: a library of the host is missing",
            [0x84] = "CoreHostEntryPointFailure: a library of the host is not the right one",
            [0x85] = "CurrentHostFindFailure: the host did not find its own path",
            [0x87] = "CoreClrResolveFailure: the runtime was not found",
            [0x88] = "CoreClrBindFailure: the runtime could not be loaded",
            [0x89] = "CoreClrInitFailure: the runtime could not be initialized",
            [0x8a] = "CoreClrExeFailure: the runtime could not run the program",
            [0x8b] = "ResolverInitFailure: the host could not read the program's dependencies",
            [0x8c] = "ResolverResolveFailure: a dependency of the program is missing",
            [0x8e] = "LibHostInitFailure: the host could not be initialized",
            [0x92] = "LibHostInvalidArgs: an argument of the host is wrong",
            [0x93] = "InvalidConfigFile: a runtimeconfig.json or deps.json could not be read",
            [0x94] = "AppArgNotRunnable: the program is not one that can be run",
            [0x96] = "FrameworkMissingFailure: a framework that the program needs is not installed",
        };

        // One of them is in whatever the host writes before it gives up. A process that a signal has ended did not write such words.
        private static readonly string[] Words =
            ["CoreCLR", "hostfxr", "hostpolicy", ".NET", "framework", "runtimeconfig.json", "deps.json", "application", "dependencies"];

        /// <summary>Null if it was no such error.</summary>
        public static string? Of(ChildExit exit)
        {
            var code = exit.Code & 0xff;
            if (exit.KilledBecause is not null || exit.Report is not null || !exit.LastErrors.Any(IsTheHosts)) return null;
            if (exit.Code != code && (exit.Code & ~0xff) != Errors) return null;
            return Names.TryGetValue(code, out var name)
                ? string.Create(CultureInfo.InvariantCulture, $"the error 0x{(uint)(Errors | code):X8} of the .NET host, {name}")
                : null;
        }

        private static bool IsTheHosts(string line) =>
            Array.Exists(Words, word => line.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
