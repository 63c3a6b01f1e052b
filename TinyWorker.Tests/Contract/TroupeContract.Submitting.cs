namespace TinyWorker.Tests.Contract;

// The capacity. On every back-end, a task with an unfinished input takes a place and no worker.
public abstract partial class TroupeContract
{
    [Test]
    public async Task TrySubmit_AtCapacity_ReturnsFalseUntilAPlaceIsFree()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 3 }));
        for (var i = 0; i < 3; i++) _ = troupe.Submit(input.Future);
        Assert.That(troupe.TrySubmit(7, out var refused), Is.False);
        Assert.That(refused, Is.Null);

        input.TrySetResult(1);
        Within.Until(() => troupe.Snapshot().Waiting == 0, "the three to start");
        Assert.That(troupe.TrySubmit(7, out var accepted), Is.True);
        Assert.That(Within.Time(accepted!), Is.EqualTo(7));
        await End(troupe);
    }

    [Test]
    public async Task Submit_AtCapacity_BlocksAndIsReleasedFirstComeFirstServed()
    {
        var inputs = Enumerable.Range(0, 3).Select(_ => new TinyFutureSource<int>()).ToArray();
        var accepted = new TinyFuture<int>?[2];
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(inputs[0].Future);
        var first = Blocked(() => accepted[0] = troupe.Submit(inputs[1].Future));
        var second = Blocked(() => accepted[1] = troupe.Submit(inputs[2].Future));
        Assert.That(first.IsCompleted || second.IsCompleted, Is.False);

        inputs[0].TrySetResult(0);
        await Within.Time(first);
        Assert.That(second.IsCompleted, Is.False);
        inputs[1].TrySetResult(1);
        await Within.Time(second);
        inputs[2].TrySetResult(2);
        Assert.That(Within.Time(accepted[0]!), Is.EqualTo(1));
        Assert.That(Within.Time(accepted[1]!), Is.EqualTo(2));
        await End(troupe);
    }

    [Test]
    public async Task SubmitAsync_AtCapacity_WaitsForAPlace()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(input.Future);
        var waiting = troupe.SubmitAsync(5).AsTask();
        Assert.That(waiting.IsCompleted, Is.False);
        input.TrySetResult(1);
        Assert.That(Within.Time(await Within.Time(waiting)), Is.EqualTo(5));
        await End(troupe);
    }

    [Test]
    public async Task SubmitAsync_WhoseWaitIsCancelled_AcceptsNothing()
    {
        var calls = 0;
        var input = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => Interlocked.Increment(ref calls), Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(input.Future);
        var waiting = troupe.SubmitAsync(5, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        Assert.That(async () => await Within.Time(waiting), Throws.InstanceOf<OperationCanceledException>());
        input.TrySetResult(1);
        await End(troupe);
        Assert.That(calls, Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_WhoseWaitIsCancelled_AcceptsNothing()
    {
        var input = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1 }));
        _ = troupe.Submit(input.Future);
        var waiting = Blocked(() => troupe.Submit(5, cancellation.Token));
        await cancellation.CancelAsync();
        Assert.That(async () => await Within.Time(waiting), Throws.InstanceOf<OperationCanceledException>());
        input.TrySetResult(1);
        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_WithOneWorker_StartsInOrder()
    {
        var started = new List<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                started.Add(x);
                return x;
            },
            Options());
        for (var i = 0; i < 1000; i++) _ = troupe.Submit(i);
        await End(troupe);
        Assert.That(started, Is.EqualTo(Enumerable.Range(0, 1000)));
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Submit_FromInsideItsOwnWorker_PassesTheBound()
    {
        TinyTroupe<int, int>? troupe = null;
        var children = new List<TinyFuture<int>>();
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 0)
                {
                    for (var i = 1; i <= 10; i++) children.Add(troupe!.Submit(i));
                }

                return x;
            },
            Options(new Settings { Capacity = 1 }));
        Within.Time(() => Within.Time(troupe.Submit(0)), "the parent");
        await End(troupe);
        Assert.That(children.Select(child => child.Result()), Is.EqualTo(Enumerable.Range(1, 10)));
    }

    [Test]
    public async Task Snapshot_AfterManyTasks_AddsUp()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x => x % 3 == 0 ? throw new InvalidOperationException() : x, Options(new Settings { Workers = 3 }));
        for (var i = 0; i < 300; i++) _ = troupe.Submit(i);
        var canceled = troupe.Submit(input.Future);
        canceled.Cancel();
        _ = troupe.Submit(input.Future);
        Within.Until(() => troupe.Snapshot() is { Running: 0, Waiting: 1 }, "the tasks to end");
        var snapshot = troupe.Snapshot();
        Assert.That(snapshot, Has.Property("Accepted").EqualTo(302).And.Property("Succeeded").EqualTo(200));
        Assert.That(snapshot, Has.Property("Faulted").EqualTo(100).And.Property("Canceled").EqualTo(1));
        input.TrySetResult(1);
        await End(troupe);
    }

    [Test]
    public async Task Snapshot_WhileTasksCome_AlwaysAddsUp()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 3, Capacity = 16 }));
        var submitting = Blocked(() =>
        {
            for (var i = 0; i < 20_000; i++) _ = troupe.Submit(i);
        });
        while (!submitting.IsCompleted)
        {
            var now = troupe.Snapshot();
            Assert.That(now.Accepted, Is.EqualTo(now.Waiting + now.Running + now.Succeeded + now.Faulted + now.Canceled));
            Assert.That(now.Waiting, Is.InRange(0, 16));
            Assert.That(now.Running, Is.InRange(0, 3));
        }

        await Within.Time(submitting);
        await End(troupe);
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(20_000));
    }

    [Test]
    public async Task ExecutionContext_OfTheSubmitter_DoesNotFlow()
    {
        var local = new AsyncLocal<string?>();
        var troupe = new TinyTroupe<int, string?>(_ => local.Value, Options());
        local.Value = "the submitter's";
        Assert.That(Within.Time(troupe.Submit(1)), Is.Null);
        await End(troupe);
    }

    [Test]
    public async Task ExecutionContext_ThatATaskChanged_IsNotSeenByTheNext()
    {
        var local = new AsyncLocal<string?>();
        var troupe = new TinyTroupe<int, string?>(
            x =>
            {
                var before = local.Value;
                local.Value = "task " + x;
                return before;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.Null);
        Assert.That(Within.Time(troupe.Submit(2)), Is.Null);
        Assert.That(local.Value, Is.Null);
        await End(troupe);
    }

    [Test]
    public async Task Submit_AlreadyCancelled_ThrowsAndAcceptsNothing()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        Assert.That(() => troupe.Submit(1, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
    }
}
