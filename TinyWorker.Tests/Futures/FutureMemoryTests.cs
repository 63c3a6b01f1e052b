namespace TinyWorker.Tests.Futures;

[NonParallelizable]
internal sealed class FutureMemoryTests
{
    private const long Flat = 1_000_000;   // bytes; what is looked for here would leave ten times as much

    [Test]
    public void Dependents_CancelledOnAPendingSource_LeaveTheHeapFlat()
    {
        var source = new TinyFutureSource<int>();
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 10 });

        var growth = Heap.GrowthOf(200_000, count =>
        {
            for (var i = 0; i < count; i++) troupe.Submit(source.Future).Cancel();
        });

        Assert.That(growth, Is.LessThan(Flat));
        GC.KeepAlive(source);
    }

    [Test]
    public void Dependents_CancelledBesideALivingOne_LeaveTheHeapFlat()
    {
        var source = new TinyFutureSource<int>();
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 10 });
        var living = troupe.Submit(source.Future);

        var growth = Heap.GrowthOf(200_000, count =>
        {
            for (var i = 0; i < count; i++)
            {
                troupe.Submit(source.Future).Cancel();
                source.Future.Then(x => x).Cancel();
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        source.TrySetResult(3);
        Assert.That(Within.Time(living), Is.EqualTo(3));
    }

    [Test]
    public void Results_TimedOut_LeaveTheHeapFlat()
    {
        var source = new TinyFutureSource<int>();
        source.Future.OnCompleted(_ => { });   // a living one beside them

        var growth = Heap.GrowthOf(100_000, count =>
        {
            for (var i = 0; i < count; i++)
            {
                try
                {
                    source.Future.Result(TimeSpan.Zero);
                }
                catch (TimeoutException)
                {
                    // as it should be
                }
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        Assert.That(source.Future.IsCompleted, Is.False);
    }

    [Test]
    public void Waits_TimedOutByTheHundredThousand_LeaveTheHeapFlat()
    {
        // As Result(timeout) waits, with a time that is over before it begins: it adds and forgets its waiter without the millisecond
        // that the shortest real wait takes.
        var source = new TinyFutureSource<int>();
        source.Future.OnCompleted(_ => { });

        var growth = Heap.GrowthOf(100_000, count =>
        {
            using var cancelled = new CancellationTokenSource();
            for (var i = 0; i < count; i++) TinyWorker.Futures.Blocking.Wait(source.Future, TimeSpan.FromTicks(-1), cancelled.Token);
        });

        Assert.That(growth, Is.LessThan(Flat));
        GC.KeepAlive(source);
    }

    [Test]
    public void WhenAny_ItsLosers_KeepNothing()
    {
        var loser = new TinyFutureSource<int>();
        loser.Future.OnCompleted(_ => { });

        var growth = Heap.GrowthOf(100_000, count =>
        {
            for (var i = 0; i < count; i++)
            {
                var winner = new TinyFutureSource<int>();
                var any = TinyFuture.WhenAny([loser.Future, winner.Future]);
                winner.TrySetResult(i);
                Assert.That(any.IsCompleted, Is.True);
                TinyFuture.WhenAny([loser.Future, winner.Future]);   // decided before it begins
                TinyFuture.WhenAny([loser.Future]).Cancel();
                TinyFuture.WhenAll([loser.Future]).Cancel();
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        GC.KeepAlive(loser);
    }

    [Test]
    public async Task WhenEach_LeftEarly_KeepsNothingOnThePending()
    {
        var pending = new TinyFutureSource<int>();
        var before = 0L;
        for (var i = 0; i < 50_000; i++)
        {
            if (i == 100) before = GC.GetTotalMemory(forceFullCollection: true);
            await foreach (var _ in TinyFuture.WhenEach([pending.Future, TinyFuture.FromResult(1)]))
                break;
        }

        Assert.That(GC.GetTotalMemory(forceFullCollection: true) - before, Is.LessThan(Flat));
        GC.KeepAlive(pending);
    }

    [Test]
    public void Chain_AMillionWaiting_TakesAtMost150BytesEach()
    {
        const int count = 1_000_000;
        var source = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 2_000_000 });
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var end = source.Future;
        for (var i = 0; i < count; i++) end = troupe.Submit(end);

        var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;

        TestContext.Out.WriteLine($"{each:F1} bytes a waiting task");
        troupe.Abort();
        Within.Time(troupe.Dispose);
        Assert.That(each, Is.LessThanOrEqualTo(150));
        Assert.That(end.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public void Submit_OfAnInt_AllocatesAtMost80Bytes()
    {
        const int batch = 500;
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 1, Capacity = 1024 });
        var futures = new TinyFuture<int>[batch];
        var allocated = 0L;
        for (var round = 0; round < 120; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < batch; i++) futures[i] = troupe.Submit(i);
            if (round >= 20) allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            foreach (var future in futures) Within.Time(future);
        }

        var each = allocated / (100.0 * batch);
        TestContext.Out.WriteLine($"{each:F1} bytes a task");
        Assert.That(each, Is.LessThanOrEqualTo(80));
    }

    [Test]
    public void Troupe_OfAFinishedTask_KeepsNeitherInputNorResult()
    {
        using var troupe = new TinyTroupe<object, object>(_ => new byte[100], new ThreadTroupeOptions { Workers = 1 });
        var (input, result) = Run(troupe);

        Within.Until(
            () =>
            {
                GC.Collect();
                return !input.IsAlive && !result.IsAlive;
            },
            "the collection of input and result");

        static (WeakReference Input, WeakReference Result) Run(TinyTroupe<object, object> troupe)
        {
            var input = new byte[100];
            var result = Within.Time(troupe.Submit(input));
            return (new WeakReference(input), new WeakReference(result));
        }
    }
}
