using System.Runtime.CompilerServices;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>A number for each troupe, the same in every dashboard of the process. Thread-safe; keeps no troupe alive.</summary>
internal static class TroupeIds
{
    private static readonly ConditionalWeakTable<ITroupe, StrongBox<int>> Ids = [];
    private static int s_last;

    public static int Of(ITroupe troupe) => Ids.GetValue(troupe, static _ => new StrongBox<int>(Interlocked.Increment(ref s_last))).Value;
}
