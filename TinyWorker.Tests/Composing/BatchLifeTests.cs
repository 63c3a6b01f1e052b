using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Composing;

/// <summary>A troupe of batches as a troupe: its end, that of the inner one, and its own workers.</summary>
internal sealed class BatchLifeTests : ComposingFixture
{
    private TinyFuture<string>? _kept;

    [Test]
    public async Task Stop_WaitsForItsOwnItemsAlone([Values] Place place)
    {
        using var gate = new ManualResetEventSlim();
        var inner = Troupe<int[], int[]>(
            (items, token) =>
            {
                gate.Wait(Within.Deadline, token);
                return items;
            }, place, new() { Workers = 1 });
        var troupe = inner.Batched();
        var ours = troupe.Submit(1);
        UntilRunning(ours);
        var (more, notOurs) = (troupe.Submit(2), inner.Submit([3]));
        var stop = troupe.StopAsync(CancellationToken.None);
        Assert.That((Caught(() => troupe.Submit(2)) as ObjectDisposedException)?.ObjectName, Is.EqualTo(troupe.Name));
        Assert.That(await CaughtAsync(troupe.SubmitAsync(2).AsTask()), Is.InstanceOf<ObjectDisposedException>());
        Assert.That(stop.IsCompleted, Is.False);
        gate.Set();
        await Within.Time(stop);
        Assert.That((ours.Status, more.Status), Is.EqualTo((TinyFutureStatus.Succeeded, TinyFutureStatus.Succeeded)));
        Assert.That(Within.Time(notOurs), Is.EqualTo([3]));
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Stopped));
        Assert.That(Within.Time(inner.Submit([4])), Is.EqualTo([4]), "the inner troupe goes on");
        AssertCounts(troupe, 0, 0, 2);
    }

    [Test]
    public async Task Abort_EndsItsOwnItemsAlone([Values] Place place, [Values] bool byStop)
    {
        var inner = Troupe<int[], int[]>((items, token) => items is [0] ? UntilCancelled<int[]>(token) : items, place);
        var troupe = inner.Batched();
        var running = troupe.Submit(0);
        UntilRunning(running);
        var input = new TinyFutureSource<int>();
        TinyFuture<int>[] waiting = [troupe.Submit(1), troupe.Submit(2), troupe.Submit(input.Future)];
        var notOurs = inner.Submit([3]);
        if (byStop) await Within.Time(troupe.StopAsync(new CancellationToken(canceled: true)));
        else troupe.Abort();
        foreach (var future in waiting) Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Caught(() => waiting[0].Result())!.Message, Does.Contain(troupe.Name));
        WaitForEnd(running);
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(notOurs), Is.EqualTo([3]));
        AssertCounts(troupe, 0, 0, 4);
    }

    [Test]
    public void Abort_BeginsNoneOfTheItemsThatWaitForOthers()
    {
        var inner = Troupe<int[], int[]>((items, _) => items, with: new() { Workers = 2 });
        for (var i = 0; i < 1000; i++)
        {
            var troupe = inner.Batched(new() { MaxDelay = TimeSpan.FromDays(1) });
            var future = troupe.Submit(1);
            Within.Time(inner.Submit([0]));   // its worker looks out for the next batch
            troupe.Abort();
            WaitForEnd(future);
            Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled), $"in round {i}");
        }
    }

    [Test]
    public async Task InnerTroupe_ThatIsAborted_EndsEveryItem([Values] Place place, [Values] bool other)
    {
        var inner = Troupe<int[], int[]>((_, token) => UntilCancelled<int[]>(token), place, new() { Name = "inner", Workers = 1 });
        var troupe = (other ? (ITinyTroupe<int[], int[]>)new OtherTroupe<int[], int[]>(inner) : inner).Batched();
        var running = troupe.Submit(0);
        UntilRunning(running);
        var waiting = troupe.Submit(1);
        inner.Abort();
        WaitForEnd(running);
        WaitForEnd(waiting);
        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        if (!other) Assert.That(Caught(() => waiting.Result())!.Message, Does.Contain("'inner' was aborted"));
        var late = troupe.Submit(2);
        WaitForEnd(late);
        Assert.That((late.Exception as ObjectDisposedException)?.ObjectName, Is.EqualTo("inner"));
        await Within.Time(troupe.DisposeAsync().AsTask());
        AssertCounts(troupe, 0, 0, 3);
    }

    [Test]
    public async Task InnerTroupe_ThatIsBroken_FaultsEveryItem()
    {
        var inner = new TinyTroupe<int[], int[]>(
            (WorkerInfo _) => (ITinyWorker<int[], int[]>)(object)new FormatException("no worker"),
            new ThreadTroupeOptions { Workers = 1 });
        var troupe = inner.Batched(new() { IsolateFaults = true });
        var futures = Enumerable.Range(0, 10).Select(i => troupe.Submit(i)).ToArray();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Select(future => future.Exception), Is.All.InstanceOf<WorkerStartException>());
        await Within.Time(troupe.DisposeAsync().AsTask());
        await Within.Time(inner.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Batches_ThatAreFormedInAClosedInnerTroupe_DoNotHang()
    {
        using var gate = new ManualResetEventSlim();
        var inner = Troupe<int[], int[]>((items, token) => gate.Wait(Within.Deadline, token) ? items : []);
        var troupe = inner.Batched(new() { MaxSize = 2 });
        var futures = Enumerable.Range(0, 9).Select(i => troupe.Submit(i)).ToArray();
        UntilRunning(futures[0]);
        var stop = inner.DisposeAsync().AsTask();
        gate.Set();
        await Within.Time(stop);
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Select(future => future.Exception is null or ObjectDisposedException), Is.All.True);
        Assert.That(futures[0].Status, Is.EqualTo(TinyFutureStatus.Succeeded));
    }

    [Test]
    public void Submit_InsideAWorkerOfTheInnerTroupe_PassesTheBound([Values(Place.Threads, Place.Pool)] Place place)
    {
        ITinyTroupe<int, int>? troupe = null;
        List<TinyFuture<int>> made = [];
        List<Exception?> errors = [];
        var inner = Troupe<int[], int[]>(
            (items, _) =>
            {
                if (items is not [0]) return items;
                for (var i = 1; i <= 20; i++) made.Add(troupe!.Submit(i, CancellationToken.None));
                errors.Add(Caught(() => made[0].Result()));
                errors.Add(Caught(() => troupe!.StopAsync(CancellationToken.None).GetAwaiter().GetResult()));
                return items;
            }, place);
        troupe = inner.Batched(new() { Capacity = 1, MaxSize = 4 });
        Assert.That(Within.Time(troupe.Submit(0)), Is.Zero);
        Assert.That(made.Select(Within.Time), Is.EqualTo(Enumerable.Range(1, 20)));
        Assert.That(errors, Has.Count.EqualTo(2).And.All.TypeOf<InvalidOperationException>());
    }

    // The only place of the inner troupe is taken by a task that waits for an item which is in no batch yet.
    [Test]
    public void Batch_OfWhichATaskAtTheBoundOfTheInnerTroupeDepends_PassesTheBound()
    {
        var clock = new ManualClock();
        var inner = Troupe<int[], int[]>((items, _) => items, with: new() { Workers = 1, Capacity = 1 });
        var troupe = inner.Batched(new() { MaxDelay = TimeSpan.FromSeconds(1), TimeProvider = clock });
        var item = troupe.Submit(1);
        var dependent = inner.Submit(item.Then(x => new[] { x, x }));
        Assert.That(inner.TrySubmit([], out _), Is.False, "the inner troupe is full");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(Within.Time(dependent), Is.EqualTo([1, 1]));
    }

    [Test]
    public async Task Map_LeftWhileABatchRuns_WaitsForIt([Values] Place place, [Values] bool asynchronous)
    {
        var running = 0;
        var inner = Troupe<int[], int[]>(
            (items, token) =>
            {
                Interlocked.Increment(ref running);
                token.WaitHandle.WaitOne(Within.Deadline);
                Interlocked.Decrement(ref running);
                return items;
            }, place);
        var troupe = inner.Batched(new() { MaxSize = 4 });
        await LeaveWhenSomethingRuns(troupe, () => Volatile.Read(ref running) > 0, asynchronous);
        Assert.That(Volatile.Read(ref running), Is.Zero);
        AssertCounts(troupe, 0, 0, (int)troupe.Snapshot().Accepted);
    }

    [Test]
    public async Task Snapshot_ListsTheWorkersOfTheInnerTroupe_AndHowManyThereMayBe()
    {
        var troupe = Troupe<int[], int[]>((items, _) => items, with: new() { Workers = 2 }).Batched();
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That((troupe.Snapshot().Workers.Count, troupe.Snapshot().MaxWorkers), Is.EqualTo((2, 2)));
    }

    [Test]
    public void Explain_TellsOfItsItemsAndOfTheInnerTroupe()
    {
        var troupe = Troupe<int[], int[]>((items, _) => items, with: new() { Name = "model", Workers = 1 }).Batched();
        Within.Time(troupe.Submit(1));
        var text = troupe.Explain().ToString();
        Assert.That(text, Does.StartWith("'model in batches' has 0 tasks").And.Contain("'model' is idle").And.Contain("1 accepted"));
    }

    [Test]
    public async Task Fault_AtWhichNobodyHasLooked_IsLoggedOnceForEachItem_AndNotForTheBatch()
    {
        using var loggers = new FakeLoggers();
        var inner = Troupe<int[], int[]>((_, _) => throw new FormatException("lost"), with: new() { Workers = 1, LoggerFactory = loggers });
        var troupe = inner.Batched();
        inner.Pause();
        var futures = new[] { troupe.Submit(1), troupe.Submit(2) };
        inner.Resume();
        foreach (var future in futures) WaitForEnd(future);
        await inner.DisposeAsync();
        var told = loggers.Records.Where(record => record.Id.Id == Log.FaultUnobservedId).ToArray();
        Assert.That(told.Select(record => record.Message).ToArray(), Has.Length.EqualTo(2).And.All.StartsWith(troupe.Name));
        GC.KeepAlive(futures);
    }

    [Test]
    public void EndedItem_KeepsNothingAliveButItsResult_AndADroppedTroupeIsCollected()
    {
        var inner = Troupe<object[], string[]>((items, _) => Array.ConvertAll(items, _ => "done"));
        var (input, troupe) = Run();
        Collected(input, "the input");
        Check();
        Collected(troupe, "the troupe");

        [MethodImpl(MethodImplOptions.NoInlining)]
        (WeakReference, WeakReference) Run()
        {
            var troupe = inner.Batched(new() { MaxDelay = TimeSpan.FromMilliseconds(1) });
            var input = new object();
            _kept = troupe.Submit(input);
            WaitForEnd(_kept);
            return (new WeakReference(input), new WeakReference(troupe));
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        void Check()
        {
            Assert.That(_kept!.Result(), Is.EqualTo("done"));
            _kept = null;
        }

        static void Collected(WeakReference weak, string what) => Within.Until(
            () =>
            {
                GC.Collect();
                return !weak.IsAlive;
            },
            what + " to be collected");
    }
}
