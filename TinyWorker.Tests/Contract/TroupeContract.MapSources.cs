using System.Collections;

namespace TinyWorker.Tests.Contract;

// Sources of a map that throw, block, never end, or yield null.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Map_OfASourceThatThrows_DeliversTheItemsReadBeforeAndThrowsOnce(
        [Values("GetEnumerator", "MoveNext", "Current", "Dispose")] string where,
        [Values] bool ordered,
        [Values("blocking", "awaiting", "asynchronous")] string kind)
    {
        var thrown = new FormatException(where);
        var source = new FaultySource(where, thrown);
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var options = new MapOptions { Ordered = ordered, Window = 8 };
        var seen = new List<int>();
        var error = kind == "asynchronous"
            ? await CaughtAsync(() => Within.Time(Task.Run(async () =>
            {
                await foreach (var x in troupe.MapAsync((IAsyncEnumerable<int>)source, options)) seen.Add(x);
            })))
            : await Enumerate(troupe, source, options, kind == "awaiting", seen.Add);
        Assert.That(error, Is.SameAs(thrown));
        Assert.That(seen, Is.EquivalentTo(where == "GetEnumerator" ? [] : Enumerable.Range(0, 3)));
        Assert.That(source.Disposals, Is.EqualTo(where == "GetEnumerator" ? 0 : 1));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
        await End(troupe);
    }

    [Test]
    public async Task Map_WithoutASourceOrWithBadOptions_IsRefusedBeforeItsEnumeration()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        IEnumerable<int> none = null!;
        IAsyncEnumerable<int> noneAsync = null!;
        Assert.Throws<ArgumentNullException>(() => troupe.Map(none));
        Assert.Throws<ArgumentNullException>(() => troupe.MapOutcomes(none));
        Assert.Throws<ArgumentNullException>(() => troupe.MapAsync(none));
        Assert.Throws<ArgumentNullException>(() => troupe.MapAsync(noneAsync));
        Assert.Throws<ArgumentNullException>(() => troupe.MapOutcomesAsync(none));
        Assert.Throws<ArgumentNullException>(() => troupe.MapOutcomesAsync(noneAsync));
        Assert.Throws<ArgumentNullException>(() => ((ITinyTroupe<int, int>)null!).Map([1]));
        MapOptions[] badOptions = [new() { Window = 0 }, new() { Window = -7 }, new() { Errors = (MapErrors)9 }];
        foreach (var bad in badOptions)
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => troupe.Map([1], bad));
            Assert.Throws<ArgumentOutOfRangeException>(() => troupe.MapOutcomes([1], bad));
            Assert.Throws<ArgumentOutOfRangeException>(() => troupe.MapAsync([1], bad));
            Assert.Throws<ArgumentOutOfRangeException>(() => troupe.MapOutcomesAsync(Asynchronous([1], slow: false), bad));
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_OfAnInfiniteSource_YieldsAsManyResultsAsAreRead([Values] bool ordered)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 3, Capacity = 2 }));
        int[] seen = [];
        var map = troupe.Map(new WatchedSource(int.MaxValue), new MapOptions { Ordered = ordered });
        Within.Time(() => seen = [.. map.Take(1_000)], "the map");
        Assert.That(seen, Is.Unique.And.Length.EqualTo(1_000));
        if (ordered) Assert.That(seen, Is.EqualTo(Enumerable.Range(0, 1_000)));
        await End(troupe);
    }

    [Test]
    public async Task Map_OfASourceThatBlocks_ContinuesWhenTheSourceContinues([Values] bool ordered, [Values] bool asynchronous)
    {
        using var gate = new ManualResetEventSlim();
        using var isBlocked = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var seen = new List<int>();
        var map = Task.Run(() => Enumerate(troupe, Source(), new MapOptions { Ordered = ordered }, asynchronous, seen.Add));
        Within.Wait(isBlocked);
        Within.Until(() => troupe.Snapshot().Succeeded == 3, "the tasks, while their source blocks");
        gate.Set();
        Assert.That(await Within.Time(map), Is.Null);
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, 6)));
        await End(troupe);

        IEnumerable<int> Source()
        {
            for (var i = 0; i < 6; i++)
            {
                if (i == 3)
                {
                    isBlocked.Set();
                    Within.Wait(gate);
                }

                yield return i;
            }
        }
    }

    [Test]
    public async Task Map_EnumeratedTwice_RunsTwice([Values] bool asynchronous)
    {
        var calls = 0;
        var reads = 0;
        var troupe = new TinyTroupe<int, int>(_ => Interlocked.Increment(ref calls), Options());
        var map = troupe.Map(Source());
        var mapAsync = troupe.MapAsync(Source());
        for (var i = 1; i <= 2; i++)
        {
            var results = asynchronous ? await Within.Time(Collect(mapAsync)) : [.. map];
            Assert.That(results, Is.EqualTo(new[] { (i * 3) - 2, (i * 3) - 1, i * 3 }));
            Assert.That((calls, reads), Is.EqualTo((i * 3, i)));
        }

        await End(troupe);

        IEnumerable<int> Source()
        {
            reads++;
            for (var i = 0; i < 3; i++) yield return i;
        }
    }

    [Test]
    public async Task Map_OfNullItemsAndNullResults_YieldsThem([Values] bool ordered, [Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<string?, string?>(x => x is null ? "was null" : null, Options(new Settings { Workers = 2 }));
        var seen = new List<string?>();
        var options = new MapOptions { Ordered = ordered };
        Assert.That(await Enumerate(troupe, [null, "a", null], options, asynchronous, seen.Add), Is.Null);
        Assert.That(seen, Is.EquivalentTo(new[] { "was null", null, "was null" }));
        Assert.That(troupe.MapOutcomes(["a"]).Single(), Is.EqualTo(new TinyOutcome<string?, string?>(0, "a", null, null)));
        await End(troupe);
    }

    private sealed class FaultySource(string where, Exception thrown)
        : IEnumerable<int>, IEnumerator<int>, IAsyncEnumerable<int>, IAsyncEnumerator<int>
    {
        private int _read = -1;

        public int Disposals { get; private set; }

        public int Current => where == "Current" && _read == 3 ? throw thrown : _read;

        object IEnumerator.Current => Current;

        public bool MoveNext()
        {
            _read++;
            Assert.That(_read, Is.LessThanOrEqualTo(3), "the map must not read on after the end");
            return _read < 3 || (where == "MoveNext" ? throw thrown : where == "Current");
        }

        public async ValueTask<bool> MoveNextAsync()
        {
            await Task.Yield();
            return MoveNext();
        }

        public void Dispose()
        {
            Disposals++;
            if (where == "Dispose") throw thrown;
        }

        public async ValueTask DisposeAsync()
        {
            await Task.Yield();
            Dispose();
        }

        public void Reset() => throw new NotSupportedException();

        public IEnumerator<int> GetEnumerator() => where == "GetEnumerator" ? throw thrown : this;

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
            where == "GetEnumerator" ? throw thrown : this;
    }
}
