using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// Workers that come when tasks wait, and leave when they have nothing to do.
public abstract partial class TroupeContract
{
    protected static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    [Test]
    public async Task MinWorkers_OfZero_IsReadyWithoutAWorkerAndMakesOneForTheFirstTask()
    {
        var made = new ConcurrentQueue<WorkerInfo>();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                made.Enqueue(info);
                return new FunctionWorker(x => x + 1);
            },
            Options(new Settings { Workers = 3, MinWorkers = 0 }));
        await Within.Time(troupe.WhenReadyAsync());
        var before = troupe.Snapshot();
        Assert.That((before.Workers.Count, before.MaxWorkers, before.Condition), Is.EqualTo((0, 3, TroupeCondition.Idle)));
        Assert.That(troupe.Explain().ToString(), Does.Contain("no worker"));
        Assert.That(made, Is.Empty);

        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
        Assert.That(made.Select(static info => (info.Index, info.Count, info.Restarts)), Is.EqualTo([(0, 3, 0)]));
        Within.Until(() => troupe.Snapshot().Workers is [{ State: WorkerState.Idle, TasksDone: 1 }], "one idle worker");
        await End(troupe);
    }

    [Test]
    public async Task MinWorkers_OfTwo_MakesTwoAtTheStart()
    {
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x);
            },
            Options(new Settings { Workers = 5, MinWorkers = 2 }));
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That((made, troupe.Workers, troupe.Snapshot().Workers.Count), Is.EqualTo((2, 5, 2)));
        await End(troupe);
    }

    [Test]
    public async Task IdleTimeout_Passed_DisposesTheWorkerAndKeepsWhatItHasCounted()
    {
        var clock = new ManualClock();
        var disposed = 0;
        var restarts = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                restarts.Enqueue(info.Restarts);
                return new FunctionWorker(x => x, () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Workers = 2, MinWorkers = 0, IdleTimeout = Minute, Clock = clock }));
        for (var round = 0; round < 3; round++)
        {
            Assert.That(Within.Time(troupe.Submit(round)), Is.EqualTo(round));
            Within.Until(() => clock.Armed == 1, "the idle time to begin");
            clock.Advance(Minute - TimeSpan.FromSeconds(1));
            Assert.That((troupe.Snapshot().Workers.Count, disposed), Is.EqualTo((1, round)));
            clock.Advance(TimeSpan.FromSeconds(1));
            Within.Until(() => troupe.Snapshot().Workers.Count == 0, "the worker to leave");
            var now = troupe.Snapshot();
            Assert.That((now.Accepted, now.Succeeded, now.Waiting, now.Running), Is.EqualTo((round + 1, round + 1, 0, 0)));
            Assert.That((now.Condition, disposed, clock.Armed), Is.EqualTo((TroupeCondition.Idle, round + 1, 0)));
        }

        Assert.That(restarts, Is.EqualTo([0, 1, 2]));
        await End(troupe);
        Assert.That(disposed, Is.EqualTo(3));
    }

    [Test]
    public async Task IdleTimeout_OfAWorkerThatGetsATask_BeginsAnew()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x, Options(new Settings { MinWorkers = 0, IdleTimeout = Minute, Clock = clock }));
        for (var round = 0; round < 3; round++)
        {
            Within.Time(troupe.Submit(round));
            Within.Until(() => clock.Armed == 1 && troupe.Snapshot().Workers is [{ State: WorkerState.Idle }], "the idle time to begin");
            Within.Until(() => troupe.Inside.Loops.Loops[0].IsParked, "the worker to sleep");
            clock.Advance(TimeSpan.FromSeconds(40));
        }

        Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(1));
        clock.Advance(TimeSpan.FromSeconds(20));
        Within.Until(() => troupe.Snapshot().Workers.Count == 0, "the worker to leave");
        await End(troupe);
    }

    [Test]
    public async Task IdleTimeout_WhereNoneMayLeave_SetsNoTimer([Values(null, 2)] int? minWorkers)
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x, Options(new Settings { Workers = 2, MinWorkers = minWorkers, IdleTimeout = Minute, Clock = clock }));
        await Within.Time(troupe.WhenReadyAsync());
        for (var i = 0; i < 10; i++) Within.Time(troupe.Submit(i));
        Within.Until(() => troupe.Inside.Loops.Loops.All(static loop => loop.IsParked), "both to sleep");
        Assert.That(clock.Armed, Is.Zero);
        clock.Advance(10 * Minute);
        Assert.That(troupe.Snapshot().Workers.Select(static worker => worker.State), Is.EqualTo([WorkerState.Idle, WorkerState.Idle]));
        await End(troupe);
    }

    [Test]
    public async Task Dispose_OfATroupeWithoutAWorker_Ends([Values] bool aborts)
    {
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x);
            },
            Options(new Settings { MinWorkers = 0 }));
        var never = new TinyFutureSource<int>();
        var waiting = aborts ? troupe.Submit(never.Future) : null;
        if (aborts) troupe.Abort();
        await End(troupe);
        if (waiting is not null) Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That((made, troupe.Snapshot().Condition), Is.EqualTo((0, TroupeCondition.Stopped)));
    }

    [Test]
    public async Task Dispose_WithATaskThatWaitsForItsInput_MakesAWorkerForItWhenTheInputIsThere()
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { MinWorkers = 0 }));
        var input = new TinyFutureSource<int>();
        var waiting = troupe.Submit(input.Future);
        var ending = troupe.DisposeAsync().AsTask();
        Assert.That((ending.IsCompleted, troupe.Snapshot().Workers.Count), Is.EqualTo((false, 0)));
        input.TrySetResult(1);
        await Within.Time(ending, "the drain");
        Assert.That(waiting.Result(), Is.EqualTo(2));
    }

    [Test]
    public async Task FirstWorker_OfATroupeWithoutOne_IsTriedAgainIfItCannotBeMade()
    {
        var tries = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => Interlocked.Increment(ref tries) <= 2 ? throw new FormatException("no model") : new FunctionWorker(x => x + 1),
            Options(new Settings { Workers = 4, MinWorkers = 0 }));
        var first = troupe.Submit(1);
        var second = troupe.Submit(2);
        Assert.That((Within.Time(first), Within.Time(second)), Is.EqualTo((2, 3)));
        Assert.That(troupe.WhenReadyAsync().IsCompletedSuccessfully, Is.True);
        await End(troupe);
    }

    [Test]
    public async Task FirstWorker_ThatCannotBeMade_FaultsTasksAfterThePatienceAndIsGivenUpWhenNoneComes()
    {
        var fails = true;
        var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref fails) ? throw new FormatException("no model") : new FunctionWorker(x => x + 1),
            Options(new Settings { Workers = 4, MinWorkers = 0, StartPatience = TimeSpan.FromMilliseconds(50) }));
        var faulted = troupe.Submit(1);
        WaitForEnd(faulted);
        Assert.That(faulted.Exception, Is.TypeOf<WorkerStartException>().With.Message.Contains("no model"));
        Within.Until(() => troupe.Snapshot() is { Condition: TroupeCondition.Idle, Workers.Count: 0 }, "the place to be given up");
        Volatile.Write(ref fails, false);
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Key_OfAPlaceWithoutAWorker_MakesThatWorker()
    {
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(_ => info.Index), Options(new Settings { Workers = 8, MinWorkers = 0 }));
        for (var i = 0; i < 20; i++)
        {
            var key = $"key {i}";
            var ran = Within.Time(troupe.Submit(i, new SubmitOptions { Key = key }));
            Assert.That(ran, Is.EqualTo(TinyWorker.Tasks.KeyPlaces.PlaceOf(key, 8)));
        }

        var now = troupe.Snapshot();
        Assert.That(now.Workers.Select(static worker => worker.Index), Is.Ordered.And.Unique.And.All.LessThan(8));
        Assert.That(now.Workers.Sum(static worker => worker.TasksDone), Is.EqualTo(20));
        await End(troupe);
    }
}
