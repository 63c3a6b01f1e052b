using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Tests.Processes;

/// <summary>What no process survives. No type of the test framework is to be named here.</summary>
internal static class Fatal
{
    public static int StackOverflow() => Overflow(0);

    /// <summary>Reads in native code what is not there.</summary>
    public static int NativeFault() => (int)strlen(1);

    public static void Signal(int processId, int signal) => _ = kill(processId, signal);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Overflow(int depth) => depth < 0 ? 0 : Overflow(depth + 1) + 1;

    [DllImport("libc")]
    private static extern nint strlen(nint text);

    [DllImport("libc")]
    private static extern int kill(int processId, int signal);
}
