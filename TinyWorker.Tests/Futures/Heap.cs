namespace TinyWorker.Tests.Futures;

internal static class Heap
{
    /// <summary>What a step leaves on the heap, in bytes. It runs once before, smaller, so that what is made once does not count.</summary>
    public static long GrowthOf(int count, Action<int> step)
    {
        step(Math.Min(count, 100));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        step(count);
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }
}
