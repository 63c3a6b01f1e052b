using System.Runtime.InteropServices;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Sends signals to processes that the tests started, by their id.</summary>
internal static class Signals
{
    public static void Kill(int process) => Send(process, 9);

    public static void Terminate(int process) => Send(process, 15);

    public static void Suspend(int process) => Send(process, 19);

    public static void Continue(int process) => Send(process, 18);

    // A process that has ended meanwhile is what the caller wants, or it finds out at its own wait.
    private static void Send(int process, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(process, 2);   // 0 and below are groups of processes
        _ = SendSignal(process, signal);
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int process, int signal);
}
