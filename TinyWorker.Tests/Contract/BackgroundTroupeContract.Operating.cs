using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// What an operator may do to a worker that has a task, and while others do something.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task RecycleWorker_WhileItsTaskRuns_ReplacesItOnceWhenTheTaskHasEnded()
    {
        using var begun = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var made = 0;
        var ran = new ConcurrentQueue<(int Input, int Restarts)>();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x =>
                {
                    ran.Enqueue((x, info.Restarts));
                    return x == 0 ? Begin(begun, gate, x) : x;
                });
            },
            Options());
        TinyFuture<int>[] futures = [troupe.Submit(0), troupe.Submit(1), troupe.Submit(2)];
        Within.Wait(begun);
        var control = (ITroupeControl)troupe;
        Assert.That((control.RecycleWorker(0), control.RecycleWorker(0)), Is.EqualTo((true, true)));
        Assert.That((futures[0].Status, made), Is.EqualTo((TinyFutureStatus.Running, 1)), "its task goes on");
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        WaitForRestarts(troupe, 1);
        await End(troupe);
        Assert.That(ran, Is.EqualTo([(0, 0), (1, 1), (2, 1)]));
        Assert.That(made, Is.EqualTo(2));
    }

    [Test]
    public async Task RecycleWorker_BesideSubmittersAndResizes_LosesNothing([Values] bool isResized)
    {
        const int Workers = 3;
        const int Each = 2_000;
        var ran = new int[3 * Each];
        var (made, disposed) = (0, 0);
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(
                    x =>
                    {
                        Interlocked.Increment(ref ran[x]);
                        return x;
                    },
                    () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Workers = Workers, Capacity = 64 }));
        using var stop = new CancellationTokenSource();
        var submitters = Enumerable.Range(0, 3).Select(number => Blocked(() =>
        {
            List<TinyFuture<int>> futures = [];
            for (var i = number; i < ran.Length; i += 3)
            {
                var options = (i % 4) switch
                {
                    0 => new SubmitOptions { Key = $"{i % 7}" },
                    1 => new SubmitOptions { Priority = i % 3 },
                    _ => default,
                };
                futures.Add(troupe.Submit(i, options));
            }

            foreach (var future in futures) Within.Time(future);
        })).ToArray();
        var accepted = 0;
        var operators = Enumerable.Range(0, 2).Select(seed => Task.Factory.StartNew(
            () =>
            {
                var random = new Random(seed);
                // Not so often that no worker comes to a task.
                for (var next = 0L; !stop.IsCancellationRequested; Thread.Yield())
                {
                    if (troupe.Snapshot().Succeeded is var succeeded && succeeded < next) continue;
                    next = succeeded + random.Next(50);
                    if (((ITroupeControl)troupe).RecycleWorker(random.Next(Workers))) Interlocked.Increment(ref accepted);
                    if (isResized && random.Next(4) == 0) troupe.Resize(random.Next(1, Workers + 1));
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        foreach (var submitter in submitters) await Within.Time(submitter);
        await stop.CancelAsync();
        foreach (var one in operators) await Within.Time(one);
        await End(troupe);
        WaitForTheKilled();
        var end = troupe.Snapshot();
        Assert.That((end.Accepted, end.Succeeded, end.Waiting, end.Running), Is.EqualTo(((long)ran.Length, (long)ran.Length, 0, 0)));
        Assert.That(ran, Is.All.EqualTo(1));
        Assert.That(made, Is.EqualTo(disposed));
        var replaced = troupe.Inside.Loops.Replaced;
        Assert.That(replaced, Is.InRange(1, accepted), "each request counts once at the most");
        if (!isResized) Assert.That(made, Is.InRange(Workers, Workers + replaced));
    }

    // A worker in this process that is to stay in its place is replaced when it comes back; one that is given up, or killed, is replaced
    // then. Either way once.
    [Test]
    public async Task RecycleWorker_WhoseTaskDoesNotStop_ReplacesItOnce([Values] bool replacesHungWorkers)
    {
        using var begun = new ManualResetEventSlim();
        using var hung = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(x => x == 0 ? Begin(begun, hung, x) : x),
            Options(new Settings { Grace = TimeSpan.FromMilliseconds(20), ReplaceHungWorkers = replacesHungWorkers }));
        var stuck = troupe.Submit(0);
        Within.Wait(begun);
        Assert.That(((ITroupeControl)troupe).RecycleWorker(0), Is.True);
        stuck.Cancel();
        WaitForEnd(stuck);
        if (!replacesHungWorkers && !KillsHungWorkers)
        {
            Within.Until(() => troupe.Snapshot().Workers[0].State == WorkerState.Hung, "the worker to count as hung");
            Assert.That(((ITroupeControl)troupe).RecycleWorker(0), Is.True);
            Assert.That(troupe.Snapshot().Workers[0], Has.Property("Restarts").Zero.And.Property("State").EqualTo(WorkerState.Hung));
            hung.Set();
        }

        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        WaitForRestarts(troupe, 1);
        hung.Set();
        await End(troupe);
        Assert.That(troupe.Inside.Loops.Replaced, Is.EqualTo(1));
    }

    [Test]
    public async Task RecycleWorker_ThatIsToLeave_IsRefused()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Workers = 2 }));
        TinyFuture<int>[] futures = [troupe.Submit(0), troupe.Submit(1)];
        Within.Until(() => troupe.Snapshot().Running == 2, "both to run");
        troupe.Resize(1);
        var control = (ITroupeControl)troupe;
        Assert.That((control.RecycleWorker(0), control.RecycleWorker(1)), Is.EqualTo((true, false)));
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        WaitForRestarts(troupe, 1);
        await End(troupe);
    }

    // Found by the model: it was not replaced, and what was for it alone was cancelled.
    [Test]
    public async Task RecycleWorker_ThatIsToLeaveBeforeItsTaskHasEnded_RunsTheTasksThatAreForItAlone()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Workers = 2 }));
        await Within.Time(troupe.WhenReadyAsync());
        TinyFuture<int>[] futures = [.. troupe.SubmitToEach(0), .. troupe.SubmitToEach(1)];
        Within.Until(() => troupe.Snapshot().Running == 2, "both to run");
        Assert.That(((ITroupeControl)troupe).RecycleWorker(1), Is.True);
        troupe.Resize(1);
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        Within.Until(() => troupe.Snapshot().Workers.Count == 1, "the worker to leave");
        await End(troupe);
        Assert.That(troupe.Inside.Loops.Replaced, Is.Zero);
    }

    [Test]
    public async Task RecycleWorker_ThatIsBeingMade_IsRefused()
    {
        using var gate = new ManualResetEventSlim();
        var slow = new TinyTroupe<int, int>(
            _ =>
            {
                Pass(gate, 0);
                return new FunctionWorker(x => x);
            },
            Options());
        Assert.That(((ITroupeControl)slow).RecycleWorker(0), Is.False);
        gate.Set();
        await Within.Time(slow.WhenReadyAsync());
        Assert.That(((ITroupeControl)slow).RecycleWorker(0), Is.True);
        WaitForRestarts(slow, 1);
        await End(slow);
    }

    [Test]
    public async Task RecycleWorker_OfATroupeThatEnds_DoesNotHoldUpItsEnd([Values("Dispose", "Abort")] string how)
    {
        using var begun = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x => x == 0 ? Begin(begun, gate, x) : x, Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        TinyFuture<int>[] futures = [troupe.Submit(0), troupe.Submit(1), troupe.Submit(2)];
        Within.Wait(begun);
        var control = (ITroupeControl)troupe;
        Assert.That(control.RecycleWorker(0), Is.True);
        if (how == "Abort") troupe.Abort();
        var end = End(troupe);
        Assert.That(control.RecycleWorker(0), Is.False, "it takes no more work");
        gate.Set();
        await end;
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Waiting, now.Running, now.Abandoned), Is.EqualTo((3L, 0, 0, 0)));
        if (how == "Dispose") Assert.That(futures.Select(static future => future.Status), Is.All.EqualTo(TinyFutureStatus.Succeeded));
    }

    [Test]
    public async Task Cancel_OfTheTaskThatRunsLongest_LeavesTheOthers()
    {
        using var begun = new CountdownEvent(2);
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                begun.Signal();
                return x == 0 ? UntilCancelled(token) : Pass(gate, x);
            },
            Options(new Settings { Workers = 2, Grace = Timeout.InfiniteTimeSpan }));
        using var watch = troupe.Watch();
        var longest = troupe.Submit(0);
        Within.Until(() => begun.CurrentCount == 1, "the first to begin");
        watch.Read();
        var other = troupe.Submit(1);
        Within.Until(() => begun.IsSet, "both to begin");
        var seen = watch.Read().LongestRunning;
        Assert.That(seen, Is.Not.Null);
        Assert.That(((ITroupeControl)troupe).Cancel(seen), Is.True);
        WaitForEnd(longest);
        Assert.That((longest.Status, other.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Running)));
        Assert.That(((ITroupeControl)troupe).Cancel(seen), Is.False);
        gate.Set();
        Assert.That(Within.Time(other), Is.EqualTo(1));
        await End(troupe);
    }
}
