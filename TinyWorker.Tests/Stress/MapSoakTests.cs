namespace TinyWorker.Tests.Stress;

/// <summary>Long maps in constant memory: what lives on the heap is looked at in the midst of them.</summary>
[TestFixture]
public sealed class MapSoakTests
{
    private const long Allowed = 8 << 20;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    // Ten million take 3 to 6 seconds each way where the machine is not shared.
    [TestCase(true, false, 10_000_000)]
    [TestCase(false, false, 2_000_000)]
    [TestCase(true, true, 2_000_000)]
    [TestCase(false, true, 2_000_000)]
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

    // A full troupe: each item is submitted with a token, for its wait. Nothing may pile up on that token.
    [Test]
    public async Task MapAsync_ThroughANarrowTroupe_LeavesNothingBehindOnItsToken()
    {
        const int Items = 200_000;
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, object>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 1 });
        var heap = new Samples(Items / 8);
        var map = Task.Run(async () =>
        {
            await foreach (var result in troupe.MapAsync(Enumerable.Range(0, Items), new MapOptions { Window = 16 }, cancellation.Token)) heap.See(result);
        });
        await Within.Time(map, "the map", Deadline);
        await Within.Time(troupe.DisposeAsync().AsTask());
        heap.AssertSound(Items, ordered: true);
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
