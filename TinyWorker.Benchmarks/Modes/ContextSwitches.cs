using System.Runtime.InteropServices;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>How often a thread of this process has gone to sleep, threads that have ended included.</summary>
internal static class ContextSwitches
{
    private const int Self = 0;
    private const int VoluntaryAt = 16;   // the number in struct rusage: two timevals of two numbers each come first, then twelve others

    /// <summary>The number, or nothing where the system does not tell it this way.</summary>
    public static long? Voluntary
    {
        get
        {
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return null;
            var usage = new long[18];
            return GetResourceUsage(Self, usage) == 0 ? usage[VoluntaryAt] : null;
        }
    }

    [DllImport("libc", EntryPoint = "getrusage")]
    private static extern int GetResourceUsage(int who, [Out] long[] usage);
}
