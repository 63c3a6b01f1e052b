using System.Collections.Concurrent;

namespace TinyWorker.Tests.Composing;

/// <summary>When batches are formed, and what becomes of their items.</summary>
internal sealed class BatchTests : ComposingFixture
{
    /// <summary>A troupe of arrays that adds ten to each item, and holds each batch until it is let go.</summary>
    private sealed class Held
    {
        private readonly SemaphoreSlim _gate = new(0);

        public ConcurrentQueue<int[]> Batches { get; } = new();

        public int[][] Seen => [.. Batches];

        public void Let(int batches = 1) => _gate.Release(batches);

        public int[] Work(int[] items, CancellationToken token)
        {
            Batches.Enqueue(items);
            if (!_gate.Wait(Within.Deadline, token)) throw new TimeoutException("The batch was not let go.");
            return Array.ConvertAll(items, x => x + 10);
        }

        public void UntilBegun(int count) => Within.Until(() => Batches.Count == count, $"{count} batches to begin");
    }

    private Held _held = new();

    [SetUp]
    public void NewGate() => _held = new Held();

    // Before the troupes are disposed.
    [TearDown]
    public void LetGo() => _held.Let(10_000);

    [Test]
    public async Task Batched_GivesEachItemItsResult([Values] Place place)
    {
        var troupe = Troupe<int[], int[]>((items, _) => Array.ConvertAll(items, x => x + 10), place).Batched();
        await Within.Time(troupe.WhenReadyAsync());
        var futures = Enumerable.Range(0, 100).Select(i => troupe.Submit(i)).ToArray();
        Assert.That(futures.Select(Within.Time), Is.EqualTo(Enumerable.Range(10, 100)));
        Assert.That(troupe.Map(Enumerable.Range(0, 1000)), Is.EqualTo(Enumerable.Range(10, 1000)));
        var results = new List<int>();
        await foreach (var result in troupe.MapAsync(Enumerable.Range(0, 1000))) results.Add(result);
        Assert.That(results, Is.EqualTo(Enumerable.Range(10, 1000)));
        Assert.That(await Within.Time(troupe.CallAsync(1).AsTask()), Is.EqualTo(11));
        AssertCounts(troupe, 0, 0, 2101);
    }

    [Test]
    public void Batched_WithoutThreads_RunsInsideSubmit()
    {
        using var inner = new TinyTroupe<int[], int[]>(
            items => Array.ConvertAll(items, _ => Environment.CurrentManagedThreadId), new InlineTroupeOptions { Workers = 1 });
        var future = inner.Batched().Submit(0);
        Assert.That((future.IsCompleted, future.Result()), Is.EqualTo((true, Environment.CurrentManagedThreadId)));
    }

    [Test]
    public void Batch_IsFormedWhenAWorkerIsFree_OfWhatWaitsThen([Values] Place place)
    {
        var inner = Troupe<int[], int[]>(_held.Work, place, new() { Name = "model", Workers = 1 });
        var troupe = inner.Batched(new() { MaxSize = 4 });
        var futures = new List<TinyFuture<int>> { troupe.Submit(0) };
        _held.UntilBegun(1);
        for (var i = 1; i <= 6; i++) futures.Add(troupe.Submit(i));
        Assert.That(inner.Snapshot().Waiting, Is.EqualTo(1), "one batch waits, whatever its items");
        AssertCounts(troupe, 6, 1, 0);
        futures[2].Cancel();
        AssertCounts(troupe, 5, 1, 1);
        _held.Let();
        _held.UntilBegun(2);
        futures.Add(troupe.Submit(7));
        AssertCounts(troupe, 2, 4, 2);
        _held.Let(2);
        _held.UntilBegun(3);
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(_held.Seen, Is.EqualTo(new int[][] { [0], [1, 3, 4, 5], [6, 7] }));
        Assert.That(futures[2].Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(futures.Where((_, i) => i != 2).Select(Within.Time), Is.EqualTo([10, 11, 13, 14, 15, 16, 17]));
        Assert.That((troupe.Name, troupe.Snapshot().Workers.Count, inner.Snapshot().Accepted), Is.EqualTo(("model in batches", 1, 3)));
    }

    [Test]
    public void NoItem_WaitsWhileAWorkerIsFree([Values] Place place)
    {
        var inner = Troupe<int[], int[]>(_held.Work, place, new() { Workers = 3 });
        var troupe = inner.Batched(new() { MaxSize = 2 });
        for (var i = 0; i < 3; i++)
        {
            _ = troupe.Submit(i);
            _held.UntilBegun(i + 1);
        }

        for (var i = 3; i < 9; i++) _ = troupe.Submit(i);
        Assert.That(_held.Seen, Is.EqualTo(new int[][] { [0], [1], [2] }));
        _held.Let(3);
        _held.UntilBegun(6);
        Assert.That(_held.Seen.Skip(3), Is.EquivalentTo(new int[][] { [3, 4], [5, 6], [7, 8] }));
        _held.Let(3);
    }

    [Test]
    public void Batches_GrowWhileTheTroupeIsPaused()
    {
        var inner = Troupe<int[], int[]>(_held.Work);
        var troupe = inner.Batched();
        inner.Pause();
        var futures = Enumerable.Range(0, 10).Select(i => troupe.Submit(i)).ToArray();
        AssertCounts(troupe, 10, 0, 0);
        inner.Resume();
        _held.Let();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(_held.Seen, Is.EqualTo(new[] { Enumerable.Range(0, 10) }));
    }

    [Test]
    public void Batch_WaitsForMaxDelayWhileItIsNotFull()
    {
        var clock = new ManualClock();
        var inner = Troupe<int[], int[]>((items, _) => _held.Work(items, default), with: new() { Workers = 2 });
        var troupe = inner.Batched(new() { MaxSize = 3, MaxDelay = TimeSpan.FromMilliseconds(10), TimeProvider = clock });
        _held.Let(100);
        var first = troupe.Submit(0);
        Assert.That((clock.Armed, inner.Snapshot().Accepted), Is.EqualTo((1, 0)));
        clock.Advance(TimeSpan.FromMilliseconds(6));
        var second = troupe.Submit(1);
        clock.Advance(TimeSpan.FromMilliseconds(3));
        Assert.That(inner.Snapshot().Accepted, Is.Zero);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.That((Within.Time(first), Within.Time(second)), Is.EqualTo((10, 11)));
        var full = Enumerable.Range(2, 3).Select(i => troupe.Submit(i)).ToArray();
        Assert.That(full.Select(Within.Time), Is.EqualTo([12, 13, 14]), "a full batch does not wait");

        // The one that the timer was set for leaves: the next waits for its own time.
        var left = troupe.Submit(5);
        clock.Advance(TimeSpan.FromMilliseconds(8));
        var stays = troupe.Submit(6);
        left.Cancel();
        clock.Advance(TimeSpan.FromMilliseconds(8));
        Assert.That(stays.Status, Is.EqualTo(TinyFutureStatus.Pending));
        clock.Advance(TimeSpan.FromMilliseconds(2));
        Assert.That(Within.Time(stays), Is.EqualTo(16));
        Assert.That(_held.Seen, Is.EqualTo(new int[][] { [0, 1], [2, 3, 4], [6] }));
    }

    [Test]
    public void Batch_OfAsManyItemsAsTheCapacityAllows_IsFull()
    {
        var clock = new ManualClock();
        var troupe = Troupe<int[], int[]>((items, _) => items)
            .Batched(new() { MaxSize = 100, Capacity = 2, MaxDelay = TimeSpan.FromDays(1), TimeProvider = clock });
        var futures = new[] { troupe.Submit(0), troupe.Submit(1) };
        Assert.That(futures.Select(Within.Time), Is.EqualTo([0, 1]));
    }

    [Test]
    public async Task Drain_DoesNotWaitForMaxDelay()
    {
        var clock = new ManualClock();
        var troupe = Troupe<int[], int[]>((items, _) => items).Batched(new() { MaxDelay = TimeSpan.FromDays(1), TimeProvider = clock });
        var input = new TinyFutureSource<int>();
        var futures = new[] { troupe.Submit(0), troupe.Submit(input.Future) };
        var stop = troupe.DisposeAsync().AsTask();
        Assert.That(Within.Time(futures[0]), Is.Zero);
        Assert.That(stop.IsCompleted, Is.False);
        input.TrySetResult(1);
        await Within.Time(stop);
        Assert.That((Within.Time(futures[1]), clock.Armed), Is.EqualTo((1, 0)));
    }

    [Test]
    public void Submit_AtTheCapacity_WaitsUntilABatchIsFormed([Values] bool asynchronous)
    {
        var troupe = Troupe<int[], int[]>(_held.Work).Batched(new() { MaxSize = 2, Capacity = 2 });
        _ = troupe.Submit(0);
        _held.UntilBegun(1);
        _ = troupe.Submit(1);
        _ = troupe.Submit(2);
        TinyFuture<int>? late = null;
        var wait = asynchronous
            ? troupe.SubmitAsync(3).AsTask().ContinueWith(task => (Exception?)Caught(() => late = task.Result), TaskScheduler.Default)
            : Blocked(() => late = troupe.Submit(3));
        Assert.That(wait.IsCompleted, Is.False);
        _held.Let();
        Assert.That(wait.WaitAsync(Within.Deadline).Result, Is.Null);
        _held.Let(2);
        Assert.That(Within.Time(late!), Is.EqualTo(13));
        Assert.That(_held.Seen, Is.EqualTo(new int[][] { [0], [1, 2], [3] }));
    }

    [Test]
    public async Task Submit_AtTheCapacity_IsCancelledByItsTokenAndRefusedByAStop([Values] bool asynchronous)
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = Troupe<int[], int[]>(_held.Work).Batched(new() { MaxSize = 1, Capacity = 1 });
        _ = troupe.Submit(0);
        _held.UntilBegun(1);
        _ = troupe.Submit(1);
        var cancelled = Wait(cancellation.Token);
        var refused = Wait(CancellationToken.None);
        await cancellation.CancelAsync();
        var error = await Within.Time(cancelled);
        Assert.That((error as OperationCanceledException)?.CancellationToken, Is.EqualTo(cancellation.Token), error?.ToString());
        var stop = troupe.StopAsync(CancellationToken.None);
        error = await Within.Time(refused);
        Assert.That((error as ObjectDisposedException)?.ObjectName, Is.EqualTo(troupe.Name), error?.ToString());
        _held.Let(2);
        await Within.Time(stop);
        AssertCounts(troupe, 0, 0, 2);

        Task<Exception?> Wait(CancellationToken token) => asynchronous
            ? CaughtAsync(troupe.SubmitAsync(2, token).AsTask())
            : Blocked(() => troupe.Submit(2, token));
    }

    [Test]
    public void ChainedItem_WaitsOutsideTheBatches_AndJoinsOneWithItsInput()
    {
        var input = new TinyFutureSource<int>();
        var failing = new TinyFutureSource<int>();
        var troupe = Troupe<int[], int[]>(_held.Work).Batched(new() { Capacity = 4 });
        var (chained, failed) = (troupe.Submit(input.Future), troupe.Submit(failing.Future));
        var first = troupe.Submit(1);
        _held.UntilBegun(1);
        var last = troupe.Submit(2);
        AssertCounts(troupe, 3, 1, 0);
        input.TrySetResult(3);
        var thrown = new FormatException();
        failing.TrySetException(thrown);
        WaitForEnd(failed);
        Assert.That(failed.Exception, Is.SameAs(thrown));
        _held.Let(2);
        Assert.That((Within.Time(first), Within.Time(last), Within.Time(chained)), Is.EqualTo((11, 12, 13)));
        Assert.That(_held.Seen, Is.EqualTo(new int[][] { [1], [2, 3] }));
    }

    [Test]
    public void ChainedItem_ThatIsCancelled_FreesItsPlaceAndLeavesItsInput()
    {
        var input = new TinyFutureSource<int>();
        var troupe = Troupe<int[], int[]>((items, _) => items).Batched(new() { Capacity = 1 });
        var chained = troupe.Submit(input.Future);
        Assert.That((chained.Cancel(), chained.Status), Is.EqualTo((true, TinyFutureStatus.Canceled)));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(input.Future.HasContinuations, Is.False);
    }

    [Test]
    public void Results_OfAnotherNumber_FaultTheBatchWithBothNumbers([Values(0, 1, 3, -1)] int count)
    {
        using var gate = new ManualResetEventSlim();
        var troupe = Troupe<int[], int[]>(
            (items, token) =>
            {
                if (items is [0]) return gate.Wait(Within.Deadline, token) ? items : [];
                return count < 0 ? null! : new int[count];
            }, with: new() { Name = "odd", Workers = 1 }).Batched();
        var first = troupe.Submit(0);
        UntilRunning(first);
        var (second, third) = (troupe.Submit(1), troupe.Submit(2));
        gate.Set();
        WaitForEnd(second);
        WaitForEnd(third);
        Assert.That(Within.Time(first), Is.Zero);
        Assert.That(second.Exception, Is.TypeOf<InvalidOperationException>().And.SameAs(third.Exception));
        var came = count < 0 ? "null" : $"array of {count}";
        Assert.That(second.Exception!.Message, Does.Contain("'odd'").And.Contain("batch of 2").And.Contain(came));
    }

    [Test]
    public void Fault_OfABatch_IsThatOfAllItsItems([Values(Place.Threads, Place.Pool)] Place place)
    {
        var thrown = new FormatException();
        var inner = Troupe<int[], int[]>((_, _) => throw thrown, place);
        var troupe = inner.Batched();
        inner.Pause();
        var futures = Enumerable.Range(0, 5).Select(i => troupe.Submit(i)).ToArray();
        inner.Resume();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(futures.Select(future => future.Exception), Is.All.SameAs(thrown));
        Assert.That(inner.Snapshot().Faulted, Is.EqualTo(1));
    }

    [Test]
    public void Fault_IsIsolated_UntilOnlyThoseItemsHaveFailedThatDoSoAlone([Values] Place place, [Values] bool other)
    {
        var batches = new ConcurrentQueue<int[]>();
        var inner = Troupe<int[], int[]>(
            (items, _) =>
            {
                batches.Enqueue(items);
                if (items.FirstOrDefault(x => x is 3 or 6, -1) is >= 0 and var bad) throw new FormatException($"{bad}");
                return items;
            }, place);
        var troupe = (other ? (ITinyTroupe<int[], int[]>)new OtherTroupe<int[], int[]>(inner) : inner)
            .Batched(new() { IsolateFaults = true });
        inner.Pause();
        var futures = Enumerable.Range(0, 8).Select(i => troupe.Submit(i)).ToArray();
        inner.Resume();
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(
            futures.Select(future => future.Exception?.Message ?? $"ok {future.Result()}"),
            Is.EqualTo(["ok 0", "ok 1", "ok 2", "3", "ok 4", "ok 5", "6", "ok 7"]));
        if (!other) Assert.That(batches.Select(batch => batch.Length), Is.EqualTo([8, 4, 4, 2, 2, 2, 2, 1, 1, 1, 1]));
        AssertCounts(troupe, 0, 0, 8);
    }

    [Test]
    public void Cancel_OfAnItemInABatch_DropsItsResult_AndThatOfAllCancelsTheBatch([Values] Place place)
    {
        var inner = Troupe<int[], int[]>(_held.Work, place);
        var troupe = inner.Batched();
        inner.Pause();
        var futures = Enumerable.Range(0, 3).Select(i => troupe.Submit(i)).ToArray();
        inner.Resume();
        _held.UntilBegun(1);
        Within.Until(() => troupe.Snapshot().Running == 3, "the batch");
        Assert.That((futures[0].Cancel(), futures[0].Status), Is.EqualTo((true, TinyFutureStatus.Canceled)));
        Assert.That((futures[1].Cancel(), inner.Snapshot().Running, inner.Snapshot().Canceled), Is.EqualTo((true, 1, 0)));
        Assert.That(futures[2].Cancel(), Is.True);
        foreach (var future in futures) WaitForEnd(future);
        Assert.That(inner.Snapshot().Canceled, Is.EqualTo(1), "the last item has cancelled the batch, and has ended with it");
        Assert.That(futures.Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Canceled));
        _held.Let();
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(11));
    }

    [Test]
    public async Task Token_OfAnItem_CancelsIt()
    {
        using var cancellation = new CancellationTokenSource();
        var inner = Troupe<int[], int[]>((items, _) => items);
        var troupe = inner.Batched();
        inner.Pause();
        var (future, stays) = (troupe.Submit(0, cancellation.Token), troupe.Submit(1));
        await cancellation.CancelAsync();
        WaitForEnd(future);
        Assert.That((Caught(() => future.Result()) as OperationCanceledException)?.CancellationToken, Is.EqualTo(cancellation.Token));
        inner.Resume();
        Assert.That(Within.Time(stays), Is.EqualTo(1));
    }

    [Test]
    public void BatchThatIsEmptyWhenAWorkerTakesIt_NeverRuns([Values] Place place)
    {
        var calls = 0;
        var inner = Troupe<int[], int[]>((items, _) => Interlocked.Increment(ref calls) > 0 ? items : [], place);
        var troupe = inner.Batched();
        inner.Pause();
        var future = troupe.Submit(0);
        Assert.That(future.Cancel(), Is.True);
        inner.Resume();
        Within.Until(() => inner.Snapshot().Canceled == 1, "the empty batch");
        Assert.That(calls, Is.Zero);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
    }

    [Test]
    public void Retry_OfABatch_HasTheSameItems()
    {
        var batches = new ConcurrentQueue<int[]>();
        var inner = Troupe<int[], int[]>(
            (items, _) =>
            {
                batches.Enqueue(items);
                return batches.Count == 1 ? throw new IOException() : items;
            }, with: new() { Workers = 1, MaxAttempts = 2, RetryWhen = static e => e is IOException });
        var troupe = inner.Batched();
        inner.Pause();
        var futures = new[] { troupe.Submit(0), troupe.Submit(1) };
        inner.Resume();
        Assert.That(futures.Select(Within.Time), Is.EqualTo([0, 1]));
        Assert.That(batches, Is.EqualTo(new int[][] { [0, 1], [0, 1] }));
    }

    [Test]
    public void Batched_OfATroupeOfAnotherLibrary_FormsABatchWhenFewerAreUnderWayThanItHasWorkers()
    {
        var inner = Troupe<int[], int[]>(_held.Work, with: new() { Workers = 2 });
        var troupe = new OtherTroupe<int[], int[]>(inner).Batched(new() { MaxSize = 3 });
        var futures = new List<TinyFuture<int>>();
        for (var i = 0; i < 2; i++)
        {
            futures.Add(troupe.Submit(i));
            _held.UntilBegun(i + 1);
        }

        for (var i = 2; i < 9; i++) futures.Add(troupe.Submit(i));
        Assert.That(inner.Snapshot().Waiting, Is.Zero);
        AssertCounts(troupe, 7, 2, 0);
        _held.Let(5);
        Assert.That(futures.Select(Within.Time), Is.EqualTo(Enumerable.Range(10, 9)));
        Assert.That(_held.Seen.Skip(2), Is.EquivalentTo(new int[][] { [2, 3, 4], [5, 6, 7], [8] }));
    }

    [Test]
    public async Task Composed_OfComposed_Works([Values] Place place)
    {
        var texts = Troupe<int[], string[]>((items, _) => Array.ConvertAll(items, x => $"{x}"), place);
        var lengths = Troupe<string[], int[]>((items, _) => Array.ConvertAll(items, x => x.Length), place, new() { Workers = 2 });
        var ofPipeline = texts.Into(lengths).Batched(new() { MaxSize = 8 });
        Assert.That(ofPipeline.Map(Enumerable.Range(0, 1000)), Is.EqualTo(Enumerable.Range(0, 1000).Select(x => $"{x}".Length)));
        var ofBatches = texts.Batched().Into(lengths.Batched(new() { IsolateFaults = true })).Into(Troupe<int, int>((x, _) => -x, place));
        var results = new List<int>();
        await foreach (var result in ofBatches.MapAsync(Enumerable.Range(0, 1000))) results.Add(result);
        Assert.That(results, Is.EqualTo(Enumerable.Range(0, 1000).Select(x => -$"{x}".Length)));
        var stuck = texts.Into(new OtherTroupe<string[], int[]>(lengths)).Batched().Submit(77);
        Assert.That(Within.Time(stuck), Is.EqualTo(2));
        await Within.Time(ofPipeline.DisposeAsync().AsTask());
        await Within.Time(ofBatches.DisposeAsync().AsTask());
    }

    [Test]
    public void Batched_Null_OrOutOfRange_IsRefused()
    {
        var troupe = Troupe<int[], int[]>((x, _) => x);
        Assert.That(() => ((ITinyTroupe<int[], int[]>)null!).Batched(), Throws.ArgumentNullException);
        Assert.That(() => troupe.Batched(new() { MaxSize = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => troupe.Batched().Submit((TinyFuture<int>)null!), Throws.ArgumentNullException);
    }
}
