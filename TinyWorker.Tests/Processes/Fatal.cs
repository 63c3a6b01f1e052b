using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Processes;

/// <summary>Code that no process survives. It must not use types of the test framework.</summary>
internal static class Fatal
{
    public static int StackOverflow() => Overflow(0);

    /// <summary>Reads memory in native code that does not exist.</summary>
    public static int NativeFault() => (int)strlen(1);

    public static void Signal(int processId, int signal) => _ = kill(processId, signal);

    /// <summary>Opens a file as careless native code does: every process that is started inherits it.</summary>
    public static int OpenInheritable(string path) => open(path, 0);

    public static void Close(int file) => _ = close(file);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Overflow(int depth) => depth < 0 ? 0 : Overflow(depth + 1) + 1;

    [DllImport("libc")]
    private static extern nint strlen(nint text);

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    private static extern int open(string path, int flags);

    [DllImport("libc")]
    private static extern int close(int file);

    [DllImport("libc")]
    private static extern int kill(int processId, int signal);
}
