namespace TinyWorker.Tests.Contract;

// Maps that share a troupe with maps and submissions; maps inside workers; a troupe that ends during a map.
public abstract partial class TroupeContract
{
    // The libraries that came before this one mix the results of two maps over one pool.
    [Test]
    public async Task Maps_LiveTogetherWithSubmits_DoNotMix([Values] bool ordered, [Values(1, 3)] int workers)
    {
        var troupe = new TinyTroupe<int, int>(x => x * 2, Options(new Settings { Workers = workers, Capacity = 1 }));
        var options = new MapOptions { Ordered = ordered, Window = 16 };
        Within.Time(
            () =>
            {
                using var evens = troupe.Map(Enumerable.Range(0, 200).Select(x => 2 * x), options).GetEnumerator();
                using var odds = troupe.Map(Enumerable.Range(0, 200).Select(x => (2 * x) + 1), options).GetEnumerator();
                var (seenEven, seenOdd) = (new List<int>(), new List<int>());
                while (evens.MoveNext() && odds.MoveNext())
                {
                    seenEven.Add(evens.Current);
                    seenOdd.Add(odds.Current);
                    Assert.That(troupe.Submit(-7).Result(), Is.EqualTo(-14));
                }

                var fours = Enumerable.Range(0, 200).Select(x => 4 * x).ToArray();
                int[] foursAndTwo = [.. fours.Select(x => x + 2)];
                Assert.That(seenEven, ordered ? Is.EqualTo(fours) : Is.EquivalentTo(fours));
                Assert.That(seenOdd, ordered ? Is.EqualTo(foursAndTwo) : Is.EquivalentTo(foursAndTwo));
            },
            "the maps");
        await End(troupe);
    }

    [Test]
    public async Task Maps_OfManyThreads_EachGetTheirOwn()
    {
        var settings = new Settings { Workers = 3, Capacity = 2 };
        var troupe = new TinyTroupe<(int User, int Item), (int User, int Item)>(x => x, Options(settings));
        var users = Enumerable.Range(0, 4).Select(user => Task.Run(async () =>
        {
            var source = Enumerable.Range(0, 500).Select(item => (user, item));
            var seen = user % 2 == 0 ? [.. troupe.Map(source)] : await Collect(troupe.MapAsync(source));
            Assert.That(seen, Is.EqualTo(source));
        }));
        await Within.Time(Task.WhenAll(users));
        await End(troupe);
    }

    // In the libraries that came before this one, a second map over the same pool hangs.
    [Test]
    public async Task Maps_OneAfterTheOther_AllEnd([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        for (var round = 0; round < 50; round++)
        {
            var seen = new List<int>();
            Assert.That(await Enumerate(troupe, Enumerable.Range(round, 10), new MapOptions(), asynchronous, seen.Add), Is.Null);
            Assert.That(seen, Is.EqualTo(Enumerable.Range(round, 10)));
        }

        await End(troupe);
    }

    [Test]
    public async Task Map_OfAMapOfTheSameTroupe_Ends([Values] bool asynchronous)
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Workers = 2, Capacity = 1 }));
        int[] results = [];
        if (asynchronous) results = await Within.Time(Task.Run(() => Collect(troupe.MapAsync(troupe.MapAsync(Enumerable.Range(0, 300))))));
        else Within.Time(() => results = [.. troupe.Map(troupe.Map(Enumerable.Range(0, 300)))], "the map");
        Assert.That(results, Is.EqualTo(Enumerable.Range(2, 300)));
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Map_OfTheOwnTroupeInsideItsWorker_IsRefusedAtOnce(
        [Values] bool ordered, [Values("blocking", "awaiting", "asynchronous", "slow", "outcomes")] string kind, [Values(1, 2)] int workers)
    {
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                var options = new MapOptions { Ordered = ordered, Window = 64 };
                var source = Enumerable.Range(1, 100);
                return kind switch
                {
                    "blocking" => own!.Map(source, options).Sum(),
                    "outcomes" => own!.MapOutcomes(source, options).Sum(outcome => outcome.Value),
                    "awaiting" => (await Collect(own!.MapAsync(source, options))).Sum(),
                    _ => (await Collect(own!.MapAsync(Asynchronous(source, kind == "slow"), options))).Sum(),
                };
            },
            Options(new Settings { Workers = workers, Capacity = 4 }));
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        // With a second worker, each item may have ended before the map waited for it. Nothing is refused then.
        if (workers == 1 || future.Status != TinyFutureStatus.Succeeded)
            Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        Within.Until(() => own.Snapshot() is { Waiting: 0, Running: 0 }, "the end of the tasks of the map");
        Assert.That(Within.Time(own.Submit(2)), Is.EqualTo(2), "the troupe can be used further");
        await End(own);
    }

    [Test]
    public async Task Map_OfAnotherTroupeInsideAWorker_Runs([Values] bool ordered, [Values] bool asynchronous)
    {
        var inner = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, Capacity = 1 }));
        var options = new MapOptions { Ordered = ordered };
        var outer = new TinyTroupe<int, int>(
            async x => asynchronous
                ? (await Collect(inner.MapAsync(Enumerable.Range(0, x), options))).Sum()
                : inner.Map(Enumerable.Range(0, x), options).Sum(),
            Options(new Settings { Workers = 3 }));
        var sums = new List<int>();
        Assert.That(await Enumerate(outer, Enumerable.Repeat(100, 20), new MapOptions(), asynchronous, sums.Add), Is.Null);
        Assert.That(sums, Is.All.EqualTo(4_950));
        await End(outer);
        await End(inner);
    }

    [Test]
    public async Task Map_OfATroupeThatIsStoppedMeanwhile_EndsWithTheExceptionOfTheTroupe(
        [Values("DisposeAsync", "Abort", "before")] string how,
        [Values] bool ordered, [Values] bool asynchronous, [Values] MapErrors errors)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var source = new WatchedSource(int.MaxValue);
        if (how == "before") await End(troupe);
        var seen = 0;
        var options = new MapOptions { Ordered = ordered, Window = 8, Errors = errors };
        var error = await Enumerate(troupe, source, options, asynchronous, _ =>
        {
            if (++seen != 5) return;
            if (how == "Abort") troupe.Abort();
            else troupe.Dispose();
        });
        // ThrowAtEnd collects the cancellations of the tasks first. The exception of the troupe comes last.
        if (error is AggregateException { InnerExceptions: [.., var last] } && errors == MapErrors.ThrowAtEnd) error = last;
        Assert.That(error, how == "Abort"
            ? Is.InstanceOf<OperationCanceledException>().Or.InstanceOf<ObjectDisposedException>()
            : Is.InstanceOf<ObjectDisposedException>());
        Assert.That(
            seen,
            how switch { "before" => Is.Zero, "Abort" => Is.InRange(5, 13), _ => Is.EqualTo(source.Read - 1) },
            "the results of the accepted tasks are delivered");
        await End(troupe);
        AssertIsLeft(troupe, source);
    }

    // In the libraries that came before this one, a dropped iterator keeps the process from exiting. See also DroppedIteratorTests.
    [Test]
    public async Task Map_ThatIsNeitherEndedNorDisposed_BlocksNothing()
    {
        var isBackground = true;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (!Thread.CurrentThread.IsBackground) Volatile.Write(ref isBackground, false);
                return x;
            },
            Options(new Settings { Workers = 2, Name = "dropped" }));
        await Task.Run(() =>
        {
            var options = new MapOptions { Progress = new Progress<MapProgress>() };
            var dropped = troupe.Map(new WatchedSource(int.MaxValue), options).GetEnumerator();
            Assert.That(dropped.MoveNext(), Is.True);
        });
        await Task.Run(async () =>
        {
            var dropped = troupe.MapAsync(new WatchedSource(int.MaxValue)).GetAsyncEnumerator();
            Assert.That(await dropped.MoveNextAsync(), Is.True);
        });
        Assert.That(Volatile.Read(ref isBackground), Is.True, "the process may exit");
        Assert.That(Within.Time(troupe.Submit(3)), Is.EqualTo(3));
        await End(troupe);
        Threads.AreGone("dropped");
    }
}
