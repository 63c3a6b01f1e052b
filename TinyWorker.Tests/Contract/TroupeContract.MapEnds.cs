using System.Collections;
using Nito.AsyncEx;

namespace TinyWorker.Tests.Contract;

// How maps end: several errors at once, cancellations of the source, the orderly end, tokens, and enumerations that are left from within.
public abstract partial class TroupeContract
{
    private static readonly string[] MapKinds = ["blocking", "awaiting", "asynchronous"];

    [Test]
    public async Task Map_ThatThrowsAtTheEnd_WhoseSourceThrowsACancellationOfItsOwn_ThrowsEveryError(
        [Values] bool ordered, [ValueSource(nameof(MapKinds))] string kind)
    {
        var timedOut = new TaskCanceledException("the request took too long");
        var troupe = new TinyTroupe<int, int>(x => x % 2 == 1 ? throw new FormatException(Text(x)) : x, Options());
        var seen = new List<int>();
        var options = new MapOptions { Ordered = ordered, Errors = MapErrors.ThrowAtEnd, Window = 2 };
        var error = await Enumerate(troupe, new EndingSource(4) { OfMoveNext = timedOut }, options, kind, seen.Add);
        Assert.That(error, Is.TypeOf<AggregateException>());
        Assert.That(((AggregateException)error!).InnerExceptions.Select(e => e.Message), Is.EqualTo(new[] { "1", "3", timedOut.Message }));
        Assert.That(seen, Is.EquivalentTo(new[] { 0, 2 }));
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatThrowsAtTheEnd_WhenItIsCancelled_ThrowsTheCancellationAlone(
        [ValueSource(nameof(MapKinds))] string kind, [Values] bool ordered)
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? throw new FormatException() : x, Options());
        var options = new MapOptions
        {
            Ordered = ordered, Errors = MapErrors.ThrowAtEnd, Window = 2, CancellationToken = cancellation.Token,
        };
        var source = new EndingSource(1000);
        var error = await Enumerate(troupe, source, options, kind, _ => cancellation.Cancel());
        Assert.That(
            error, Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That(source.Disposals, Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(7)), Is.EqualTo(7), "the troupe can be used further");
        await End(troupe);
    }

    [Test]
    public async Task Map_WhoseSourceThrowsTwice_ThrowsTheFirstErrorWithTheSecond([ValueSource(nameof(MapKinds))] string kind)
    {
        var first = new FormatException("of MoveNext");
        var second = new IOException("of Dispose");
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var source = new EndingSource(3) { OfMoveNext = first, OfDispose = second };
        var error = await Enumerate(troupe, source, new MapOptions(), kind, _ => { });
        Assert.That(error, Is.SameAs(first));
        Assert.That(error!.Data["TinyWorker.LaterErrors"], Is.EqualTo(new Exception[] { second }));
        await End(troupe);
    }

    [Test]
    public async Task Map_WhoseTaskFailsAndWhoseSourceThrowsInDispose_ThrowsTheErrorOfTheTaskWithTheOther(
        [ValueSource(nameof(MapKinds))] string kind, [Values] MapErrors errors, [Values] bool ordered)
    {
        var second = new IOException("of Dispose");
        var troupe = new TinyTroupe<int, int>(x => x == 1 ? throw new FormatException("of the task") : x, Options());
        var source = new EndingSource(3) { OfDispose = second };
        var options = new MapOptions { Errors = errors, Ordered = ordered };
        var error = await Enumerate(troupe, source, options, kind, _ => { });
        if (errors == MapErrors.Throw)
        {
            Assert.That(error, Is.TypeOf<FormatException>());
            Assert.That(error!.Data["TinyWorker.LaterErrors"], Is.EqualTo(new Exception[] { second }));
        }
        else
        {
            Assert.That(error, Is.TypeOf<AggregateException>());
            Assert.That(
                ((AggregateException)error!).InnerExceptions.Select(e => e.Message), Is.EqualTo(new[] { "of the task", "of Dispose" }));
        }

        Assert.That(Within.Time(troupe.Submit(7)), Is.EqualTo(7), "the troupe can be used further");
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatThrowsAtTheEnd_WhoseSourceThrowsTwice_ThrowsEveryError(
        [ValueSource(nameof(MapKinds))] string kind, [Values] bool ordered, [Values] bool ownTroupe)
    {
        var source = new EndingSource(4) { OfMoveNext = new FormatException("of MoveNext"), OfDispose = new IOException("of Dispose") };
        var options = new MapOptions { Ordered = ordered, Errors = MapErrors.ThrowAtEnd };
        Func<int, int> function = x => x % 2 == 1 ? throw new FormatException(Text(x)) : x;
        var troupe = new TinyTroupe<int, int>(function, Options());
        var error = !ownTroupe ? await Enumerate(troupe, source, options, kind, _ => { })
            : await CaughtAsync(() => Within.Time(Task.Run(async () => kind switch
            {
                "blocking" => source.ParallelMap(function, Options(), options).Count(),
                "awaiting" => await source.ParallelMapAsync(function, Options(), options).CountAsync(),
                _ => await source.Asynchronously().ParallelMapAsync(function, Options(), options).CountAsync(),
            })));
        Assert.That(error, Is.TypeOf<AggregateException>().With.Message.StartWith("4 errors in a map."));
        Assert.That(
            ((AggregateException)error!).InnerExceptions.Select(e => e.Message),
            Is.EqualTo(new[] { "1", "3", "of MoveNext", "of Dispose" }));
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatThrowsAtTheEnd_WithOneError_CountsOne([ValueSource(nameof(MapKinds))] string kind)
    {
        var troupe = new TinyTroupe<int, int>(x => x == 1 ? throw new FormatException("one") : x, Options());
        var error = await Enumerate(troupe, new EndingSource(3), new MapOptions { Errors = MapErrors.ThrowAtEnd }, kind, _ => { });
        Assert.That(error, Is.TypeOf<AggregateException>().With.Message.StartWith("1 error in a map."));
        await End(troupe);
    }

    [Test]
    public async Task Map_LeftEarly_WhoseSourceThrowsInDispose_ThrowsThatAndLeavesNothing([ValueSource(nameof(MapKinds))] string kind)
    {
        var thrown = new IOException("of Dispose");
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var source = new EndingSource(100) { OfDispose = thrown };
        var error = await CaughtAsync(() => Within.Time(Task.Run(async () =>
        {
            if (kind == "blocking")
            {
                foreach (var _ in troupe.Map(source)) break;
            }
            else
            {
                await foreach (var _ in kind == "awaiting" ? troupe.MapAsync(source) : troupe.MapAsync(source.Asynchronously())) break;
            }
        })));
        Assert.That(error, Is.SameAs(thrown));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatIsToStopReading_YieldsEveryItemThatWasReadAndEnds(
        [ValueSource(nameof(MapKinds))] string kind, [Values] bool ordered, [Values(1, 64)] int capacity)
    {
        using var stop = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, Capacity = capacity }));
        var source = new EndingSource(int.MaxValue);
        var options = new MapOptions { Ordered = ordered, Window = 8, StopReading = stop.Token };
        var seen = new List<int>();
        var readAtTheStop = 0;
        var error = await Enumerate(troupe, source, options, kind, x =>
        {
            seen.Add(x);
            if (seen.Count != 20) return;
            readAtTheStop = source.Read;
            stop.Cancel();
        });
        Assert.That(error, Is.Null);
        // The asynchronous source may bring the item of the read that is under way.
        Assert.That(source.Read, kind == "asynchronous" ? Is.InRange(readAtTheStop, readAtTheStop + 1) : Is.EqualTo(readAtTheStop));
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, source.Read)));
        if (ordered) Assert.That(seen, Is.Ordered);
        Assert.That(source.Disposals, Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Map_ThatIsToStopReadingBeforeItBegins_IsEmptyAndReadsNothing([ValueSource(nameof(MapKinds))] string kind)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var source = new EndingSource(10);
        var options = new MapOptions { StopReading = new CancellationToken(true) };
        var error = await Enumerate(troupe, source, options, kind, _ => Assert.Fail("yielded"));
        Assert.That((error, source.Read, source.Begun), Is.EqualTo(((Exception?)null, 0, 0)));
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_ThatIsToStopReadingWhileItsSourceIsPending_Ends(
        [Values("obeys", "never answers", "brings an item")] string how, [Values] bool ordered)
    {
        using var stop = new CancellationTokenSource();
        SlowSource source = null!;
        source = new SlowSource(2)
        {
            ObservesItsToken = how == "obeys",
            OnCancel = () => { if (how == "brings an item") source.Go.TrySetResult(); },
        };
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = Collect(troupe.MapAsync(source.Read(), new MapOptions { Ordered = ordered, StopReading = stop.Token }));
        Within.Until(() => source.IsPending, "the source to be asked for an item that it does not have");
        Assert.That(map.IsCompleted, Is.False);
        await stop.CancelAsync();
        var results = await Within.Time(map);
        Assert.That(results, Is.EquivalentTo(how == "brings an item" ? [0, 1, 2] : new[] { 0, 1 }));
        Assert.That(source.Ends, Is.EqualTo(how == "never answers" ? 0 : 1), "a source cannot be disposed while it is asked for an item");
        if (how == "never answers")
        {
            source.Go.SetResult();
            Within.Until(() => source.Ends == 1, "the disposal of the source, once it has answered");
            Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(2), "what comes late is not submitted");
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_WithATokenInItsOptions_EndsAtOnceWhenItFires(
        [ValueSource(nameof(MapKinds))] string kind, [Values] bool outcomes)
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var source = new EndingSource(int.MaxValue);
        var options = new MapOptions { CancellationToken = cancellation.Token };
        var seen = 0;
        var error = await CaughtAsync(() => Within.Time(Task.Run(async () =>
        {
            if (kind == "blocking")
            {
                if (outcomes) foreach (var _ in troupe.MapOutcomes(source, options)) See();
                else foreach (var _ in troupe.Map(source, options)) See();
            }
            else
            {
                var asynchronous = source.Asynchronously();
                if (outcomes) await foreach (var _ in troupe.MapOutcomesAsync(asynchronous, options)) See();
                else if (kind == "awaiting") await foreach (var _ in troupe.MapAsync(source, options)) See();
                else await foreach (var _ in troupe.MapAsync(asynchronous, options)) See();
            }
        })));
        Assert.That(
            error, Is.InstanceOf<OperationCanceledException>().With.Property("CancellationToken").EqualTo(cancellation.Token));
        Assert.That((seen, source.Disposals), Is.EqualTo((10, 1)));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
        var untouched = new EndingSource(1);
        Assert.Throws(Is.InstanceOf<OperationCanceledException>(), () => _ = troupe.Map(untouched, options).Count());
        Assert.That(untouched.Begun, Is.Zero);
        await End(troupe);

        void See()
        {
            if (++seen == 10) cancellation.Cancel();
        }
    }

    [Test]
    public async Task Progress_OfAMapThatIsToldItsTotal_HasIt([ValueSource(nameof(MapKinds))] string kind)
    {
        var progress = new Recorder();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var options = new MapOptions { Progress = progress, Total = 1234 };
        Assert.That(await Enumerate(troupe, new EndingSource(3), options, kind, _ => { }), Is.Null);
        Assert.That((progress.Reports[^1].Completed, progress.Reports[^1].Total), Is.EqualTo((3L, 1234L)));
        Assert.Throws<ArgumentOutOfRangeException>(() => troupe.Map([1], new MapOptions { Total = -1 }));
        await End(troupe);
    }

    [Test]
    public async Task Outcomes_OfTasksThatEndInEachWay_TellTheirStatus()
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(
            x => x switch
            {
                1 => throw new FormatException(),
                2 => throw new OperationCanceledException("that nobody asked for"),
                _ => x,
            },
            Options());
        TinyOutcome<int, int>[] outcomes = [];
        Within.Time(() => outcomes = [.. troupe.MapOutcomes([0, 1, 2])], "the map");
        Assert.That(
            outcomes.Select(outcome => outcome.Status),
            Is.EqualTo(new[] { TinyFutureStatus.Succeeded, TinyFutureStatus.Faulted, TinyFutureStatus.Faulted }));
        await End(troupe);
    }

    // A source may be bound to a thread, or to what that thread uses as well.
    [Test]
    public async Task MapAsync_OfASynchronousSource_IsReadOnTheThreadOfItsConsumer(
        [Values] bool ordered, [Values] MapErrors errors, [Values(1, 64)] int capacity)
    {
        var troupe = new TinyTroupe<int, int>(
            x => x % 3 == 0 ? throw new FormatException() : x, Options(new Settings { Workers = 2, Capacity = capacity }));
        var readers = new List<int>();
        var options = new MapOptions { Ordered = ordered, Errors = errors, Window = 8 };
        var consumer = 0;
        Within.Time(
            () => AsyncContext.Run(async () =>
            {
                consumer = Environment.CurrentManagedThreadId;
                try
                {
                    await foreach (var x in troupe.MapAsync(Source(), options)) Assert.That(x % 3, Is.Not.Zero);
                }
                catch (Exception e) when (e is FormatException or AggregateException)
                {
                    // What is meant.
                }
            }),
            "the map");
        Assert.That(readers, Is.Not.Empty.And.All.EqualTo(consumer));
        if (errors == MapErrors.ThrowAtEnd) Assert.That(readers, Has.Count.EqualTo(100));
        await End(troupe);

        IEnumerable<int> Source()
        {
            for (var i = 0; i < 100; i++)
            {
                readers.Add(Environment.CurrentManagedThreadId);
                yield return i + 1;
            }
        }
    }

    [Test]
    public async Task MapAsync_OfASynchronousSource_IsReadOnlyInsideTheCallOfMoveNextAsync([Values] bool ordered)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, Capacity = 1 }));
        var isCalling = false;
        var map = troupe.MapAsync(Source(), new MapOptions { Ordered = ordered, Window = 8 }).GetAsyncEnumerator();
        var seen = 0;
        while (true)
        {
            isCalling = true;
            var moving = map.MoveNextAsync();
            isCalling = false;
            if (!await Within.Time(moving.AsTask())) break;
            seen++;
        }

        await map.DisposeAsync();
        Assert.That(seen, Is.EqualTo(500));
        await End(troupe);

        IEnumerable<int> Source()
        {
            for (var i = 0; i < 500; i++)
            {
                Assert.That(Volatile.Read(ref isCalling), Is.True);
                yield return i;
            }
        }
    }

    [Test]
    public async Task Map_LeftInsideItsOwnProgress_Ends([ValueSource(nameof(MapKinds))] string kind, [Values] bool onAnotherThread)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var source = new EndingSource(int.MaxValue);
        var left = 0;
        Action? leave = null;
        var progress = new Recorder
        {
            OnReport = _ =>
            {
                if (leave is null || Interlocked.Exchange(ref left, 1) != 0) return;
                if (onAnotherThread) Task.Run(leave).Wait();
                else leave();
            },
        };
        var options = new MapOptions { Progress = progress };
        await Within.Time(Task.Run(async () =>
        {
            if (kind == "blocking")
            {
                var map = troupe.Map(source, options).GetEnumerator();
                leave = map.Dispose;
                while (map.MoveNext())
                {
                    // It is left while it goes on.
                }
            }
            else
            {
                var map = (kind == "awaiting" ? troupe.MapAsync(source, options) : troupe.MapAsync(source.Asynchronously(), options))
                    .GetAsyncEnumerator();
                leave = () => map.DisposeAsync().AsTask().Wait();
                while (await map.MoveNextAsync())
                {
                    // It is left while it goes on.
                }
            }
        }));
        Within.Until(() => source.Disposals == 1, "the disposal of the source");
        Within.Until(() => troupe.Snapshot() is { Waiting: 0, Running: 0 }, "the end of its tasks");
        progress.AssertIsSound();
        await End(troupe);
    }

    [Test]
    public async Task Map_LeftInsideItsSource_EndsAndSubmitsNothingMore(
        [ValueSource(nameof(MapKinds))] string kind, [Values("MoveNext", "Dispose")] string where)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        Action? leave = null;
        var source = new EndingSource(20);
        source.OnMoveNext = read =>
        {
            if (where == "MoveNext" && read == 10) leave!();
        };
        source.OnDispose = () =>
        {
            if (where == "Dispose") leave!();
        };
        var seen = 0;
        await Within.Time(Task.Run(async () =>
        {
            var options = new MapOptions { Window = 4 };
            if (kind == "blocking")
            {
                var map = troupe.Map(source, options).GetEnumerator();
                leave = map.Dispose;
                while (map.MoveNext()) seen++;
                map.Dispose();
                Assert.That(map.MoveNext(), Is.False);
            }
            else
            {
                var map = (kind == "awaiting" ? troupe.MapAsync(source, options) : troupe.MapAsync(source.Asynchronously(), options))
                    .GetAsyncEnumerator();
                leave = () => map.DisposeAsync().AsTask().Wait();
                while (await map.MoveNextAsync()) seen++;
                await map.DisposeAsync();
                Assert.That(await map.MoveNextAsync(), Is.False);
            }
        }));
        Assert.That(source.Disposals, Is.EqualTo(1));
        Assert.That(source.Read, Is.EqualTo(where == "MoveNext" ? 10 : 20));
        if (where == "Dispose") Assert.That(seen, Is.EqualTo(20));
        else Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(9), "the item of the read that left is not submitted");
        await End(troupe);
    }

    [Test]
    public async Task MoveNext_InsideMoveNext_IsRefused([ValueSource(nameof(MapKinds))] string kind)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        Action? again = null;
        var source = new EndingSource(5);
        Exception? refusal = null;
        source.OnMoveNext = read =>
        {
            if (read == 3) refusal = Caught(again!);
        };
        var seen = 0;
        await Within.Time(Task.Run(async () =>
        {
            if (kind == "blocking")
            {
                using var map = troupe.Map(source).GetEnumerator();
                again = () => map.MoveNext();
                while (map.MoveNext()) seen++;
            }
            else
            {
                await using var map = (kind == "awaiting" ? troupe.MapAsync(source) : troupe.MapAsync(source.Asynchronously()))
                    .GetAsyncEnumerator();
                again = () => map.MoveNextAsync().AsTask().GetAwaiter().GetResult();
                while (await map.MoveNextAsync()) seen++;
            }
        }));
        Assert.That(refusal, Is.InstanceOf<InvalidOperationException>().With.Message.Contains("one thread at a time"));
        Assert.That(seen, Is.EqualTo(5), "the map goes on");
        await End(troupe);
    }

    private protected static Task<Exception?> Enumerate(
        TinyTroupe<int, int> troupe, EndingSource source, MapOptions options, string kind, Action<int> see) => kind == "asynchronous"
        ? CaughtAsync(() => Within.Time(Task.Run(async () =>
        {
            await foreach (var x in troupe.MapAsync(source.Asynchronously(), options)) see(x);
        })))
        : Enumerate(troupe, source, options, kind == "awaiting", see);

    /// <summary>Some numbers. It may throw at its end and in Dispose, and runs some code of the test.</summary>
    private protected sealed class EndingSource(int count) : IEnumerable<int>
    {
        private int _read;
        private int _disposals;

        private int Count => count;

        public Exception? OfMoveNext { get; init; }

        public Exception? OfDispose { get; init; }

        public Action<int>? OnMoveNext { get; set; }

        public Action? OnDispose { get; set; }

        public int Begun { get; private set; }

        public int Read => Volatile.Read(ref _read);

        public int Disposals => Volatile.Read(ref _disposals);

        public IEnumerator<int> GetEnumerator()
        {
            Begun++;
            return new Enumerator(this);
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        /// <summary>The same, as a source that takes its time now and then.</summary>
        public IAsyncEnumerable<int> Asynchronously() => new AsynchronousSource(this);

        private sealed class AsynchronousSource(EndingSource source) : IAsyncEnumerable<int>
        {
            public IAsyncEnumerator<int> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
                new AsynchronousEnumerator(source.GetEnumerator());
        }

        private sealed class AsynchronousEnumerator(IEnumerator<int> all) : IAsyncEnumerator<int>
        {
            private int _calls;

            public int Current => all.Current;

            public async ValueTask<bool> MoveNextAsync()
            {
                if (_calls++ % 3 == 1) await Task.Yield();
                return all.MoveNext();
            }

            public async ValueTask DisposeAsync()
            {
                await Task.Yield();
                all.Dispose();
            }
        }

        private sealed class Enumerator(EndingSource source) : IEnumerator<int>
        {
            public int Current => source.Read - 1;

            object IEnumerator.Current => Current;

            public bool MoveNext()
            {
                if (source.Read == source.Count) return source.OfMoveNext is null ? false : throw source.OfMoveNext;
                var read = Interlocked.Increment(ref source._read);
                source.OnMoveNext?.Invoke(read);
                return true;
            }

            public void Reset() => throw new NotSupportedException();

            public void Dispose()
            {
                Interlocked.Increment(ref source._disposals);
                source.OnDispose?.Invoke();
                if (source.OfDispose is not null) throw source.OfDispose;
            }
        }
    }
}
