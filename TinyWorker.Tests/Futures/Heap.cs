namespace TinyWorker.Tests.Futures;

internal static class Heap
{
    /// <summary>How many bytes a step leaves on the heap. A smaller step runs first, so that what is made only once does not
    /// count.</summary>
    public static long GrowthOf(int count, Action<int> step)
    {
        step(Math.Min(count, 100));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        step(count);
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }
}
