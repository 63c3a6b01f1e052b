using System.Collections.Concurrent;
using TinyWorker.Tasks;

namespace TinyWorker.Tests.Contract;

// What an operator may do to one worker, or to the task that runs longest.
public abstract partial class TroupeContract
{
    [Test]
    public async Task RecycleWorker_ThatHasNoTask_ReplacesThatOneAtOnce([Values] bool isPaused)
    {
        var made = new ConcurrentQueue<(int Index, int Restarts)>();
        var disposed = new ConcurrentQueue<int>();
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                made.Enqueue((info.Index, info.Restarts));
                return new FunctionWorker(x => x, () => disposed.Enqueue(info.Index));
            },
            Options(new Settings { Workers = 2, Loggers = loggers }));
        await Within.Time(troupe.WhenReadyAsync());
        Within.Time(troupe.Submit(1));
        if (isPaused) troupe.Pause();
        Assert.That(((ITroupeControl)troupe).RecycleWorker(1), Is.True);
        WaitForRestarts(troupe, 0, 1);
        Assert.That(made, Is.EquivalentTo([(0, 0), (1, 0), (1, 1)]));
        Assert.That(disposed, Is.EqualTo([1]));
        Assert.That(
            loggers.Records.Single(static record => record.Id.Id == 12).Message, Does.Contain("requested"), "the log says who wanted it");
        if (isPaused) troupe.Resume();
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        await End(troupe);
        Assert.That(disposed, Is.EquivalentTo([0, 1, 1]));
    }

    [Test]
    public async Task RecycleWorker_WithTasksThatOnlyItMayRun_LeavesThemToTheNext()
    {
        var ran = new ConcurrentQueue<(int Input, int Index, int Restarts)>();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x =>
            {
                ran.Enqueue((x, info.Index, info.Restarts));
                return x;
            }),
            Options(new Settings { Workers = 2 }));
        await Within.Time(troupe.WhenReadyAsync());
        var key = Enumerable.Range(0, 100).Select(static number => $"{number}").First(key => KeyPlaces.PlaceOf(key, 2) == 1);
        troupe.Pause();
        var ofKey = new SubmitOptions { Key = key };
        TinyFuture<int>[] futures = [troupe.Submit(1, ofKey), .. troupe.SubmitToEach(2), troupe.Submit(3, ofKey)];
        Assert.That(((ITroupeControl)troupe).RecycleWorker(1), Is.True);
        WaitForRestarts(troupe, 0, 1);
        Assert.That(ran, Is.Empty, "it is paused");
        troupe.Resume();
        foreach (var future in futures) Within.Time(future);
        Assert.That(ran, Is.EquivalentTo([(1, 1, 1), (2, 0, 0), (2, 1, 1), (3, 1, 1)]));
        await End(troupe);
    }

    [Test]
    public async Task RecycleWorker_WhereNoneLives_IsRefused()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2, MinWorkers = 1 }));
        await Within.Time(troupe.WhenReadyAsync());
        var control = (ITroupeControl)troupe;
        foreach (var index in new[] { 1, 2, -1, int.MinValue, int.MaxValue }) Assert.That(control.RecycleWorker(index), Is.False);
        Assert.That(control.RecycleWorker(0), Is.True, "this one lives");
        WaitForRestarts(troupe, 1);
        await End(troupe);
        Assert.That(control.RecycleWorker(0), Is.False, "the troupe has ended");
        Assert.That(troupe.Snapshot().Workers.Select(static worker => worker.Restarts), Is.EqualTo([1]));
    }

    [Test]
    public async Task RecycleWorker_OfAnAbortedTroupe_IsRefused()
    {
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x);
            },
            Options());
        await Within.Time(troupe.WhenReadyAsync());
        troupe.Abort();
        Assert.That(((ITroupeControl)troupe).RecycleWorker(0), Is.False);
        await End(troupe);
        Assert.That(made, Is.EqualTo(1));
    }

    [Test]
    [SharesMemory("the troupe itself")]
    public async Task RecycleWorker_InsideThatWorker_ReplacesItWhenItsTaskHasEnded()
    {
        TinyTroupe<int, int> troupe = null!;
        var disposed = 0;
        troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(
                x =>
                {
                    if (x == 0) Assert.That(((ITroupeControl)troupe).RecycleWorker(info.Index), Is.True);
                    return (100 * info.Restarts) + Volatile.Read(ref disposed);
                },
                () => Interlocked.Increment(ref disposed)),
            Options());
        Assert.That(Within.Time(troupe.Submit(0)), Is.Zero);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(101), "another worker, when the one before was disposed");
        await End(troupe);
    }

    [Test]
    [SharesMemory("the troupe itself")]
    public async Task Cancel_OfTheTaskThatRunsLongest_StopsThatVeryTask()
    {
        TinyTroupe<int, int> troupe = null!;
        RunningTask? seen = null;
        var answers = new ConcurrentQueue<bool>();
        troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                var control = (ITroupeControl)troupe;
                if (x > 0)
                {
                    // The same worker, and another task.
                    answers.Enqueue(control.Cancel(seen!));
                    return x;
                }

                using var watch = troupe.Watch();
                watch.Read();
                seen = watch.Read().LongestRunning!;
                foreach (var worker in new[] { -1, 1 }) answers.Enqueue(control.Cancel(seen with { Worker = worker }));
                foreach (var number in new[] { 0, seen.Number + 1 }) answers.Enqueue(control.Cancel(seen with { Number = number }));
                answers.Enqueue(!token.IsCancellationRequested);
                answers.Enqueue(control.Cancel(new RunningTask(seen.Worker, default) { Number = seen.Number }));
                answers.Enqueue(control.Cancel(seen));
                return token.WaitHandle.WaitOne(Within.Deadline) ? throw new OperationCanceledException(token) : x;
            },
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var stopped = troupe.Submit(0);
        WaitForEnd(stopped);
        Assert.That(stopped.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(answers, Is.EqualTo([false, false, false, false, true, true, false, false]));
        Assert.That(seen!.Number, Is.InRange(1L, (1L << 53) - 1));
        Assert.That(() => ((ITroupeControl)troupe).Cancel(null!), Throws.ArgumentNullException);
        await End(troupe);
        Assert.That(((ITroupeControl)troupe).Cancel(seen), Is.False);
    }

    /// <summary>Waits until the workers of the troupe have no task, and have come in the place of so many.</summary>
    protected static void WaitForRestarts(TinyTroupe<int, int> troupe, params int[] restarts)
    {
        ArgumentNullException.ThrowIfNull(troupe);
        Within.Until(
            () => troupe.Snapshot().Workers is var workers && workers.All(static worker => worker.State == WorkerState.Idle)
                && workers.Select(static worker => worker.Restarts).SequenceEqual(restarts),
            $"the workers to have come in the place of {string.Join(", ", restarts)}");
    }
}
