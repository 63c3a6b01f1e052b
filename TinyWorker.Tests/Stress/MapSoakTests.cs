namespace TinyWorker.Tests.Stress;

/// <summary>Long maps take constant memory. The heap is measured while they run.</summary>
[NonParallelizable]   // it measures the heap
public sealed class MapSoakTests
{
    private const long Allowed = 8 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    // Ten million items take 3 to 6 seconds on a quiet machine.
    [TestCase(true, false, 200_000)]
    [TestCase(false, false, 200_000)]
    [TestCase(true, true, 200_000)]
    [TestCase(false, true, 200_000)]
    [TestCase(true, false, 10_000_000, Category = LongTests.Category)]
    [TestCase(false, false, 2_000_000, Category = LongTests.Category)]
    [TestCase(true, true, 2_000_000, Category = LongTests.Category)]
    [TestCase(false, true, 2_000_000, Category = LongTests.Category)]
    public async Task Map_OfMillions_GrowsTheHeapByLessThanEightMegabytes(bool ordered, bool asynchronous, int items)
    {
        var troupe = new TinyTroupe<int, object>(x => x, new ThreadTroupeOptions { Workers = 2 });
        var heap = new Samples(items / 8);
        var options = new MapOptions { Ordered = ordered, Window = 256, Progress = new Progress<MapProgress>() };
        var map = Task.Run(async () =>
        {
            if (asynchronous)
                await foreach (var result in troupe.MapAsync(Enumerable.Range(0, items), options)) heap.See(result);
            else
                foreach (var result in troupe.Map(Enumerable.Range(0, items), options)) heap.See(result);
        });
        await Within.Time(map, "the map", Deadline);
        await Within.Time(troupe.DisposeAsync().AsTask());
        heap.AssertSound(items, ordered);
    }

    // The troupe is full, so each submission waits with the token. No registrations may remain at the token.
    [TestCase(5_000)]
    [TestCase(200_000, Category = LongTests.Category)]
    public async Task MapAsync_ThroughANarrowTroupe_LeavesNothingBehindOnItsToken(int items)
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, object>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 1 });
        var heap = new Samples(items / 8);
        var map = Task.Run(async () =>
        {
            var results = troupe.MapAsync(Enumerable.Range(0, items), new MapOptions { Window = 16 }, cancellation.Token);
            await foreach (var result in results) heap.See(result);
        });
        await Within.Time(map, "the map", Deadline);
        await Within.Time(troupe.DisposeAsync().AsTask());
        heap.AssertSound(items, ordered: true);
    }

    private sealed class Samples(int every)
    {
        private readonly List<long> _heap = [];
        private long _sum;
        private int _seen;
        private bool _isOrdered = true;

        public void See(object result)
        {
            _isOrdered &= (int)result == _seen;
            _sum += (int)result;
            if (_seen++ % every == 0) _heap.Add(GC.GetTotalMemory(forceFullCollection: true));
        }

        public void AssertSound(int items, bool ordered)
        {
            Assert.That((_seen, _sum), Is.EqualTo((items, (long)items * (items - 1) / 2)));
            if (ordered) Assert.That(_isOrdered, Is.True);
            TestContext.Out.WriteLine($"the heap grew by {(_heap.Max() - _heap[0]) >> 10} KB");
            Assert.That(_heap.Max() - _heap[0], Is.LessThan(Allowed));
        }
    }
}
