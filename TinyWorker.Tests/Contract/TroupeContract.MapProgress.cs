using System.Diagnostics;

namespace TinyWorker.Tests.Contract;

// The progress reports of a map.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Progress_OfAMap_EndsWithEveryItemCounted(
        [Values] bool ordered, [Values] bool asynchronous, [Values] bool sized, [Values(0, 1, 5)] int n)
    {
        var troupe = new TinyTroupe<int, int>(x => x % 2 == 0 ? x : throw new FormatException(), Options(new Settings { Workers = 2 }));
        var source = sized ? Enumerable.Range(0, n) : Enumerable.Range(0, n + 1).Where(x => x < n);
        // Many rounds, because of a race: the end of a task is visible a moment before its continuations are called.
        for (var round = 0; round < (n == 5 ? 400 : 20); round++)
        {
            var progress = new Recorder();
            var options = new MapOptions { Ordered = ordered, Errors = MapErrors.ThrowAtEnd, Progress = progress };
            await Enumerate(troupe, source, options, asynchronous, _ => { });
            var last = progress.Reports[^1];
            var expected = ((long)n, (long)(n / 2), (long?)(sized ? n : null));
            Assert.That((last.Completed, last.Faulted, last.Total), Is.EqualTo(expected), "round " + Text(round));
            progress.AssertIsSound();
        }

        await End(troupe);
    }

    [Test]
    public async Task Progress_OfAMapLeftEarly_EndsWithTheCountOfEndedItems([Values] bool ordered, [Values] bool asynchronous)
    {
        var progress = new Recorder();
        var troupe = new TinyTroupe<int, int>(x => x == 5 ? throw new FormatException() : x, Options());
        var options = new MapOptions { Ordered = ordered, Window = 4, Progress = progress };
        var error = await Enumerate(troupe, new WatchedSource(100), options, asynchronous, _ => { });
        Assert.That(error, Is.TypeOf<FormatException>());
        Assert.That(progress.Reports[^1].Completed, Is.InRange(6, 9));
        Assert.That(progress.Reports[^1].Faulted, Is.InRange(1, 4));
        progress.AssertIsSound();
        await End(troupe);
    }

    [Test]
    public async Task Progress_OfALongMap_ComesFromOneThreadAtATimeAtMostTenTimesASecond([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        // The first report takes longer than the interval.
        var progress = new Recorder
        {
            OnReport = static count =>
            {
                var clock = Stopwatch.StartNew();
                Within.Until(() => count != 1 || clock.ElapsedMilliseconds > 250, "two intervals");
            },
        };
        var clock = Stopwatch.StartNew();
        var source = Enumerable.Range(0, int.MaxValue).TakeWhile(_ => progress.Reports.Length < 4 && clock.Elapsed < Within.Deadline);
        Assert.That(await Enumerate(troupe, source, new MapOptions { Progress = progress }, asynchronous, _ => { }), Is.Null);
        Assert.That(progress.Reports, Has.Length.InRange(5, (clock.ElapsedMilliseconds / 100) + 1));
        progress.AssertIsSound();
        await End(troupe);
    }

    [Test]
    public async Task Progress_ThatThrows_DisturbsNothing([Values] bool ordered, [Values] bool asynchronous)
    {
        var progress = new Recorder { OnReport = _ => throw new FormatException("of the progress") };
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var clock = Stopwatch.StartNew();
        var seen = new List<int>();
        var source = Enumerable.Range(0, int.MaxValue).TakeWhile(_ => progress.Reports.Length < 2 && clock.Elapsed < Within.Deadline);
        var options = new MapOptions { Ordered = ordered, Progress = progress };
        Assert.That(await Enumerate(troupe, source, options, asynchronous, seen.Add), Is.Null);
        Assert.That(seen, Has.Count.EqualTo(progress.Reports[^1].Completed));
        if (ordered) Assert.That(seen, Is.Ordered);
        await End(troupe);
    }

    [Test]
    public async Task Progress_OfAMapWhoseSourceThrowsInItsDisposal_StillGetsTheLastReport([Values] bool asynchronous)
    {
        var progress = new Recorder();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var thrown = new FormatException();
        var options = new MapOptions { Progress = progress };
        var error = await Enumerate(troupe, new FaultySource("Dispose", thrown), options, asynchronous, _ => { });
        Assert.That(error, Is.SameAs(thrown));
        Assert.That(progress.Reports, Is.Not.Empty);
        Assert.That(progress.Reports[^1].Completed, Is.EqualTo(3));
        await End(troupe);
    }

    private protected sealed class Recorder : IProgress<MapProgress>
    {
        private readonly List<MapProgress> _reports = [];
        private int _inside;
        private bool _metAnother;

        public Action<int>? OnReport { get; init; }

        public MapProgress[] Reports
        {
            get
            {
                lock (_reports) return [.. _reports];
            }
        }

        public void Report(MapProgress value)
        {
            if (Interlocked.Increment(ref _inside) != 1) _metAnother = true;
            int count;
            lock (_reports)
            {
                _reports.Add(value);
                count = _reports.Count;
            }

            try
            {
                OnReport?.Invoke(count);
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
            }
        }

        public void AssertIsSound()
        {
            Assert.That(_metAnother, Is.False, "one thread at a time");
            var reports = Reports;
            Assert.That(reports.Select(r => r.Completed), Is.Ordered);
            Assert.That(reports.Select(r => r.Elapsed), Is.Ordered);
            Assert.That(reports.Select(r => r.Total), Is.All.EqualTo(reports[0].Total));
            foreach (var report in reports) Assert.That(report.Faulted, Is.LessThanOrEqualTo(report.Completed));
        }
    }
}
