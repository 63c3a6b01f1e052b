namespace TinyWorker.Tests.Futures;

[NonParallelizable]
internal sealed class FutureMemoryTests
{
    private const long Flat = 1_000_000;   // bytes; the leaks that these tests look for leave ten times as much

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
        source.Future.OnCompleted(_ => { });   // a continuation that stays

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
                    // as expected
                }
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        Assert.That(source.Future.IsCompleted, Is.False);
    }

    [Test]
    public void Results_Interrupted_LeaveTheHeapFlat()
    {
        var source = new TinyFutureSource<int>();
        source.Future.OnCompleted(_ => { });   // a continuation that stays

        var growth = Heap.GrowthOf(10_000, count => Within.Time(() =>
        {
            for (var i = 0; i < count; i++)
            {
                try
                {
                    Thread.CurrentThread.Interrupt();
                    source.Future.Result();
                }
                catch (ThreadInterruptedException)
                {
                    // as expected
                }
            }
        }));

        Assert.That(growth, Is.LessThan(Flat / 10));
        Assert.That(source.Future.IsCompleted, Is.False);
    }

    [Test]
    public void Waits_TimedOutByTheHundredThousand_LeaveTheHeapFlat()
    {
        // Waits as Result(timeout) does, but the time is over before the wait begins. So it adds and removes its continuation without the
        // millisecond that the shortest real wait takes.
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
    public void WhenAny_ThatHasEnded_LeavesNothingOnTheLosers()
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
                TinyFuture.WhenAny([loser.Future, winner.Future]);   // ended before it begins
                TinyFuture.WhenAny([loser.Future]).Cancel();
                TinyFuture.WhenAll([loser.Future]).Cancel();
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        GC.KeepAlive(loser);
    }

    [Test]
    public async Task WhenEach_LeftEarly_LeavesNothingOnThePending()
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

        UntilCollected(input, result);

        static (WeakReference Input, WeakReference Result) Run(TinyTroupe<object, object> troupe)
        {
            var input = new byte[100];
            var result = Within.Time(troupe.Submit(input));
            return (new WeakReference(input), new WeakReference(result));
        }
    }

    [TestCase("result")]
    [TestCase("fault")]
    [TestCase("cancel")]
    public void WhenAny_ThatHasEnded_KeepsNoLoser(string end)
    {
        var (any, loser) = End(end);
        UntilCollected(loser);
        Assert.That(any.IsCompleted, Is.True);
        GC.KeepAlive(any);

        static (TinyFuture<TinyFuture<object>> Any, WeakReference Loser) End(string end)
        {
            TinyFutureSource<object> winner = new(), loser = new();
            var any = TinyFuture.WhenAny([loser.Future, winner.Future]);
            if (end == "result") winner.TrySetResult("");
            else if (end == "fault") winner.TrySetException(new FormatException());
            else any.Cancel();
            return (any, new(loser.Future));
        }
    }

    [Test]
    public void WhenAll_ThatHasEnded_KeepsNoneOfItsFutures([Values("result", "fault", "cancel")] string end, [Values] bool ofTwoTypes)
    {
        var (all, sources) = ofTwoTypes
            ? End((first, second) => TinyFuture.WhenAll(first, second), end)
            : End((first, second) => TinyFuture.WhenAll([first, second]), end);
        UntilCollected(sources);
        GC.KeepAlive(all);

        static (object All, WeakReference[] Sources) End<T>(Func<TinyFuture<object>, TinyFuture<object>, TinyFuture<T>> combine, string end)
        {
            TinyFutureSource<object> first = new(), second = new();
            var all = combine(first.Future, second.Future);
            if (end == "cancel") all.Cancel();
            first.TrySetResult("");
            if (end == "result") second.TrySetResult("");
            else if (end == "fault") second.TrySetException(new FormatException());
            Assert.That(all.IsCompleted, Is.True);
            return (all, [new(first.Future), new(second.Future)]);
        }
    }

    [TestCase("result")]
    [TestCase("fault of the input")]
    [TestCase("cancel")]
    public void Then_ThatHasEnded_KeepsNeitherItsFunctionNorItsCreatorsContext(string end)
    {
        var local = new AsyncLocal<object?>();
        var (step, held) = End(local, end);
        UntilCollected(held);
        GC.KeepAlive(step);

        static (TinyFuture<int> Step, WeakReference[] Held) End(AsyncLocal<object?> local, string end)
        {
            var source = new TinyFutureSource<int>();
            byte[] captured = [1], flowing = [2];
            local.Value = flowing;
            var step = source.Future.Then(x => x + captured.Length);
            local.Value = null;
            if (end == "result") source.TrySetResult(1);
            else if (end == "cancel") step.Cancel();
            else source.TrySetException(new FormatException());
            Within.Until(() => step.IsCompleted, "the end of the step");
            return (step, [new(captured), new(flowing), new(source.Future)]);
        }
    }

    private static readonly TinyTroupeOptions[] Kinds =
        [new ThreadTroupeOptions { Workers = 1 }, new PoolTroupeOptions { Workers = 1 }, new InlineTroupeOptions { Workers = 1 }];

    [TestCaseSource(nameof(Kinds))]
    public void Future_ThatIsHeld_KeepsNothingThatTheFunctionOfADisposedTroupeCaptured(TinyTroupeOptions options)
    {
        var (future, captured) = Run(options);
        UntilCollected(captured);
        Assert.That(future.Result(), Is.EqualTo(101));

        static (TinyFuture<int> Future, WeakReference Captured) Run(TinyTroupeOptions options)
        {
            var captured = new byte[100];
            using var troupe = new TinyTroupe<int, int>(x => x + captured.Length, options);
            return (troupe.Submit(1), new WeakReference(captured));
        }
    }

    private static void UntilCollected(params WeakReference[] references) => Within.Until(
        () =>
        {
            GC.Collect();
            return !Array.Exists(references, reference => reference.IsAlive);
        },
        "the collection");
}
