namespace TinyWorker.Tests.Contract;

// Chains through troupes that have room for one task each.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Chain_AroundFourTroupesOfCapacityOne_DoesNotDeadlock()
    {
        const int Links = 1000;
        var ring = NarrowTroupes(4);
        var last = 0;
        Within.Time(
            () =>
            {
                var future = ring[0].Submit(0);
                for (var i = 1; i < Links; i++) future = ring[i % ring.Length].Submit(future);
                last = Within.Time(future);
            },
            "the chain");
        Assert.That(last, Is.EqualTo(Links));
        foreach (var troupe in ring) await End(troupe);
    }

    [Test]
    public async Task Chain_OfSubmitAsyncInOneTroupeOfCapacityOne_DoesNotDeadlock()
    {
        const int Links = 1000;
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Capacity = 1, Workers = 2 }));
        Assert.That(Within.Time(await Within.Time(Chain(), "the chain")), Is.EqualTo(Links));
        await End(troupe);

        async Task<TinyFuture<int>> Chain()
        {
            var future = await troupe.SubmitAsync(0);
            for (var i = 1; i < Links; i++) future = await troupe.SubmitAsync(future);
            return future;
        }
    }

    [Test]
    public async Task Chains_InOppositeDirectionsThroughTroupesOfCapacityOne_AllEnd()
    {
        const int Chains = 200;
        var troupes = NarrowTroupes(3);
        int[][] ways = [[0, 1, 2, 0], [2, 1, 0, 2], [1, 1, 0, 2], [0, 2, 1, 1]];
        var submitters = ways.Select(way => Blocked(() =>
        {
            var ends = new List<TinyFuture<int>>();
            for (var i = 0; i < Chains; i++)
            {
                var future = troupes[way[0]].Submit(i);
                foreach (var next in way.Skip(1)) future = troupes[next].Submit(future);
                ends.Add(future);
            }

            Assert.That(ends.Select(Within.Time), Is.EqualTo(Enumerable.Range(4, Chains)));
        })).ToArray();
        await Within.Time(Task.WhenAll(submitters), "the chains");
        foreach (var troupe in troupes) await End(troupe);
        Assert.That(troupes.Sum(troupe => troupe.Snapshot().Succeeded), Is.EqualTo(ways.Length * 4 * Chains));
    }

    [Test]
    public async Task Chain_WhoseTroupesAreDisposedInOrder_IsDrainedThroughAllOfThem()
    {
        var input = new TinyFutureSource<int>();
        var troupes = NarrowTroupes(3);
        var last = troupes[2].Submit(troupes[1].Submit(troupes[0].Submit(input.Future)));
        var ends = troupes.Reverse().Select(troupe => troupe.DisposeAsync().AsTask()).ToArray();
        Assert.That(ends.Any(end => end.IsCompleted), Is.False);
        input.TrySetResult(0);
        await Within.Time(Task.WhenAll(ends), "the three ends");
        Assert.That(last.Result(), Is.EqualTo(3));
    }

    private TinyTroupe<int, int>[] NarrowTroupes(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Capacity = 1 })))];
}
