using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Troupe_WhoseTasksWait_GrowsByOneWorkerForEachAndNotPastTheMost()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Workers = 4, MinWorkers = 1 }));
        await Within.Time(troupe.WhenReadyAsync());
        List<TinyFuture<int>> futures = [];
        for (var busy = 1; busy <= 6; busy++)
        {
            futures.Add(troupe.Submit(busy));
            var running = Math.Min(busy, 4);
            Within.Until(() => troupe.Snapshot().Running == running, $"{running} to run");
            Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(running));
        }

        var now = troupe.Snapshot();
        Assert.That((now.Waiting, now.Workers.Count, now.MaxWorkers), Is.EqualTo((2, 4, 4)));
        gate.Set();
        for (var i = 0; i < 6; i++) Assert.That(Within.Time(futures[i]), Is.EqualTo(i + 1));
        await End(troupe);
    }

    [Test]
    public async Task Troupe_ThatGrows_MakesOneWorkerAtATime()
    {
        using var gate = new ManualResetEventSlim();
        using var making = new SemaphoreSlim(0);
        using var mayBeMade = new SemaphoreSlim(0);
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                making.Release();
                if (!mayBeMade.Wait(Within.Deadline)) throw new AssertionException("not made");
                return new FunctionWorker(x => Pass(gate, x));
            },
            Options(new Settings { Workers = 4, MinWorkers = 0 }));
        var futures = Enumerable.Range(0, 3).Select(x => troupe.Submit(x)).ToArray();
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Starting));
        for (var made = 1; made <= 3; made++)
        {
            Assert.That(await making.WaitAsync(Within.Deadline), Is.True, "a worker is being made");
            Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(made));
            Assert.That(making.CurrentCount, Is.Zero, "one at a time");
            mayBeMade.Release();
        }

        Within.Until(() => troupe.Snapshot() is { Running: 3, Waiting: 0 }, "all to run");
        Assert.That((making.CurrentCount, troupe.Snapshot().Workers.Count), Is.EqualTo((0, 3)), "no task waits");
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        mayBeMade.Release(10);
        await End(troupe);
    }

    [Test]
    public async Task Troupe_WithOneTaskAtATime_StaysAtOneWorker()
    {
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x);
            },
            Options(new Settings { Workers = 4, MinWorkers = 0 }));
        for (var i = 0; i < 500; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        var last = troupe.Submit(0);
        for (var i = 0; i < 50; i++) last = troupe.Submit(last);   // each ends before the next may start
        Within.Time(last);
        Assert.That(made, Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task IdleTimeout_OfSomeWorkers_LetsThoseLeaveThatHaveSleptLongest()
    {
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x < 0 ? x : Pass(gate, x), Options(new Settings { Workers = 4, MinWorkers = 1, IdleTimeout = Minute, Clock = clock }));
        var futures = Enumerable.Range(0, 4).Select(x => troupe.Submit(x)).ToArray();
        Within.Until(() => troupe.Snapshot().Running == 4, "four workers");
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        Within.Until(() => troupe.Inside.Loops.Loops.All(static loop => loop.IsParked), "four to sleep");
        clock.Advance(Minute / 2);
        Within.Time(troupe.Submit(-1));
        Within.Until(() => troupe.Inside.Loops.Loops.All(static loop => loop.IsParked), "four to sleep");
        var last = troupe.Snapshot().Workers.Single(static worker => worker.TasksDone == 2).Index;
        clock.Advance(Minute / 2);
        Within.Until(() => troupe.Snapshot().Workers.Count == 1, "three to leave");
        Assert.That(troupe.Snapshot().Workers[0].Index, Is.EqualTo(last));
        Assert.That(clock.Armed, Is.Zero, "the last one stays");
        clock.Advance(10 * Minute);
        Assert.That(Within.Time(troupe.Submit(-2)), Is.EqualTo(-2));
        Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Resize_ThatTakesTheOnlyWorkerAway_KeepsTheMinWorkers()
    {
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x < 0 ? x : Pass(gate, x), Options(new Settings { Workers = 2, MinWorkers = 1, IdleTimeout = Minute, Clock = clock }));
        var futures = Enumerable.Range(0, 2).Select(x => troupe.Submit(x)).ToArray();
        Within.Until(() => troupe.Snapshot().Running == 2, "two workers");
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        Within.Until(() => troupe.Inside.Loops.Loops.All(static loop => loop.IsParked), "both to sleep");
        clock.Advance(Minute / 2);
        var last = Within.Time(troupe.Submit(-1, new SubmitOptions { Key = KeyOf(1, 2) }));
        Assert.That(last, Is.EqualTo(-1));
        Within.Until(() => troupe.Inside.Loops.Loops.All(static loop => loop.IsParked), "both to sleep");
        clock.Advance(Minute / 2);
        Within.Until(() => troupe.Snapshot().Workers is [{ Index: 1 }], "one to leave");

        troupe.Resize(1);
        Within.Until(() => troupe.Snapshot().Workers is [{ Index: 0, State: WorkerState.Idle }], "the one that is kept");
        await End(troupe);
    }

    [Test]
    public async Task Resize_DuringAMakingThatNeverEnds_LeavesTheTroupeUp()
    {
        using var gate = new ManualResetEventSlim();
        using var making = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                if (info.Index == 1)
                {
                    making.Set();
                    Within.Wait(gate);
                }

                return new FunctionWorker(static x => x);
            },
            Options(new Settings
            {
                Workers = 2, MinWorkers = 0, IdleTimeout = TimeSpan.FromSeconds(5), MakeTimeout = Minute, Clock = clock,
            }));
        var keyed = troupe.Submit(1, new SubmitOptions { Key = KeyOf(1, 2) });
        Within.Wait(making);
        troupe.Resize(1);
        Assert.That(Within.Time(keyed), Is.EqualTo(1));
        Within.Until(() => troupe.Inside.Loops.Loops.Any(static loop => loop.IsParked), "the first to sleep");
        clock.Advance(TimeSpan.FromSeconds(5));
        Within.Until(
            () =>
            {
                clock.Advance(TimeSpan.Zero);   // it may have set its timer only now
                return troupe.Snapshot().Workers.All(static worker => worker.Index == 1);   // none if the other could be killed
            },
            "the first to leave");
        clock.Advance(Minute);
        clock.Advance(TimeSpan.FromSeconds(1));
        Within.Until(() => troupe.Snapshot().Workers.Count == 0, "the other to be given up");
        clock.Advance(Minute);
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Idle));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        gate.Set();
        await End(troupe);
    }

    [Test]
    public async Task IdleTimeout_OfABusyWorker_DoesNotCount()
    {
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => Pass(gate, x), Options(new Settings { Workers = 2, MinWorkers = 0, IdleTimeout = Minute, Clock = clock }));
        var running = troupe.Submit(1);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        clock.Advance(10 * Minute);
        Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(1));
        gate.Set();
        Assert.That(Within.Time(running), Is.EqualTo(1));
        Within.Until(() => clock.Armed == 1, "the idle time to begin");
        clock.Advance(Minute);
        Within.Until(() => troupe.Snapshot().Workers.Count == 0, "the worker to leave");
        await End(troupe);
    }

    // Two workers never hold one index.
    [Test]
    public async Task Place_OfAWorkerThatIsBeingDisposed_StaysOccupied([Values] bool isResized)
    {
        using var disposing = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var at = new int[1];
        var most = 0;
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                if (info.Index == (isResized ? 1 : 0)) most = Math.Max(most, Interlocked.Increment(ref at[0]));
                return new FunctionWorker(x => x, () =>
                {
                    if (info.Restarts > 0 || info.Index != (isResized ? 1 : 0)) return;
                    disposing.Set();
                    Within.Wait(gate);
                    Interlocked.Decrement(ref at[0]);
                });
            },
            Options(new Settings
            {
                Workers = isResized ? 2 : 1, MinWorkers = isResized ? null : 0, IdleTimeout = Minute, Clock = clock,
            }));
        TinyFuture<int>? waiting = null;
        if (isResized)
        {
            await Within.Time(troupe.WhenReadyAsync());
            troupe.Resize(1);
            Within.Wait(disposing);
            troupe.Resize(2);
        }
        else
        {
            Within.Time(troupe.Submit(1));
            Within.Until(() => clock.Armed == 1, "the idle time to begin");
            clock.Advance(Minute);
            Within.Wait(disposing);
            waiting = troupe.Submit(2);
            Assert.That(waiting.IsCompleted, Is.False);
        }

        gate.Set();
        Within.Until(
            () => troupe.Snapshot().Workers.Count(static worker => worker.State == WorkerState.Idle) == troupe.Workers, "all workers");
        if (waiting is not null) Assert.That(Within.Time(waiting), Is.EqualTo(2));
        Assert.That(troupe.Snapshot().Workers[^1].Restarts, Is.EqualTo(1));
        Assert.That(most, Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Resize_ToFewerAndBack_KeepsAWorkerThatIsStillBusy()
    {
        using var gate = new ManualResetEventSlim();
        var disposed = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x => Pass(gate, x), () => disposed.Enqueue(info.Index)), Options(new Settings { Workers = 2 }));
        var futures = new[] { troupe.Submit(0), troupe.Submit(1) };
        Within.Until(() => troupe.Snapshot().Running == 2, "both");
        troupe.Resize(1);
        Assert.That((troupe.Workers, troupe.Snapshot().Workers.Count), Is.EqualTo((1, 2)), "it leaves after its task");
        troupe.Resize(2);
        gate.Set();
        foreach (var future in futures) Within.Time(future);
        Within.Until(() => troupe.Snapshot().Workers.All(static worker => worker.State == WorkerState.Idle), "both");
        Assert.That(disposed, Is.Empty);
        await End(troupe);
        Assert.That(disposed, Is.EquivalentTo([0, 1]));
    }

    [Test]
    public async Task Resize_WhileWorkersAreBeingMade_ForgetsThoseThatAreNotNeeded()
    {
        using var gate = new ManualResetEventSlim();
        using var last = new ManualResetEventSlim();
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            info => new SlowToStart(info.Index == 0 ? gate : last), Options(new Settings { Workers = 3, Loggers = loggers }));
        Within.Until(() => troupe.Snapshot().Workers.Count(static worker => worker.State == WorkerState.Starting) == 3, "three starts");
        troupe.Resize(1);
        Within.Until(() => troupe.Snapshot().Workers.Count == 1, "two to be forgotten");
        Assert.That(troupe.WhenReadyAsync().IsCompleted, Is.False);
        gate.Set();
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(5)), Is.EqualTo(5));
        Assert.That(loggers.Exceptions, Is.Empty);
        await End(troupe);
        last.Set();
    }

    [Test]
    public async Task Resize_ToFewer_OfAPlaceThatCannotBeFilled_CancelsWhatWasForItAndStopsTrying()
    {
        var fails = false;
        var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref fails) ? throw new FormatException() : new FunctionWorker(Spoil),
            Options(new Settings { Workers = 2, ReplaceWorkerWhen = static e => e is NotSupportedException }));
        await Within.Time(troupe.WhenReadyAsync());
        Volatile.Write(ref fails, true);
        var spoiling = troupe.Submit(-1, new SubmitOptions { Key = KeyOf(1, of: 2) });
        WaitForEnd(spoiling);
        Within.Until(() => troupe.Snapshot().Workers[1].State == WorkerState.Empty, "a failed try");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Degraded));
        var each = troupe.SubmitToEach(3);
        Assert.That(Within.Time(each[0]), Is.EqualTo(3));
        troupe.Resize(1);
        WaitForEnd(each[1]);
        Assert.That(each[1].Status, Is.EqualTo(TinyFutureStatus.Canceled));
        var thrown = Assert.Catch<OperationCanceledException>(() => each[1].Result());
        Assert.That(thrown!.Message, Does.Contain("worker 1").And.Contain("resized"));
        Within.Until(() => troupe.Snapshot() is { Workers.Count: 1, Condition: TroupeCondition.Idle }, "the place to be given up");
        await End(troupe);
    }

    [Test]
    public async Task Resize_ToFewer_OfAWorkerThatHangs_LetsItLeaveWhenItComesBack()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var disposed = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x => x == 0 ? Begin(begun, hung, x) : x, () => disposed.Enqueue(info.Index)),
            Options(new Settings { Workers = 2, Clock = clock, ReplaceHungWorkers = false }));
        await Within.Time(troupe.WhenReadyAsync());
        var hanging = troupe.Submit(0, new SubmitOptions { Key = KeyOf(1, of: 2) });
        Within.Wait(begun);
        hanging.Cancel();
        Within.Until(() => clock.Armed > 0, "the grace to begin");
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(hanging);
        troupe.Resize(1);
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(4));
        if (!WorkersAreKilled) Assert.That(disposed, Is.Empty);
        hung.Set();
        Within.Until(() => troupe.Snapshot().Workers.Count == 1, "it to leave");
        if (!WorkersAreKilled) Assert.That(disposed, Is.EqualTo([1]));
        await End(troupe);
    }

    [Test]
    public async Task Workers_ThatComeAndGo_AreLogged()
    {
        using var loggers = new FakeLoggers();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x,
            Options(new Settings { Name = "tide", Workers = 2, MinWorkers = 0, IdleTimeout = Minute, Clock = clock, Loggers = loggers }));
        Within.Time(troupe.Submit(1));
        Within.Until(() => clock.Armed == 1, "the idle time to begin");
        clock.Advance(Minute);
        // A worker is gone before its loop tells of it.
        Within.Until(() => troupe.Snapshot().Workers.Count == 0 && loggers.CountOf(41) == 1, "it to leave, and to say so");
        troupe.Resize(5);
        await End(troupe);
        var events = loggers.Records.Where(static record => record.Id.Id is 40 or 41 or 42).Select(static record => record.Message);
        Assert.That(events, Is.EqualTo([
            "tide: worker 0 is being made, because tasks wait and no worker is free (1 of 2).",
            "tide: worker 0 has left, because it had nothing to do.",
            "tide: resized from 2 to 5 workers at the most.",
        ]));
    }

    private static string KeyOf(int place, int of) =>
        Enumerable.Range(0, 1000).Select(static i => $"{i}").First(key => TinyWorker.Tasks.KeyPlaces.PlaceOf(key, of) == place);

    private sealed class SlowToStart(ManualResetEventSlim gate) : TinyAsyncWorker<int, int>
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            while (!gate.IsSet)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await Task.Delay(1, cancellationToken);
            }
        }

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);
    }
}
