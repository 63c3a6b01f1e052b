namespace TinyWorker.Tests.Contract;

// A troupe that has lived is never broken by a worker that cannot be replaced.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Replacement_ThatFails_LeavesTheOthersAtWorkAndIsTriedUntilItIsMade()
    {
        var fails = false;
        var tries = 0;
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                if (info.Restarts > 0) Interlocked.Increment(ref tries);
                return Volatile.Read(ref fails) ? throw new FormatException("the model is gone") : new FunctionWorker(Spoil);
            },
            Options(new Settings { Workers = 2, ReplaceWorkerWhen = static e => e is NotSupportedException, Loggers = loggers }));
        await Within.Time(troupe.WhenReadyAsync());
        Volatile.Write(ref fails, true);
        var spoiling = troupe.Submit(-1);
        WaitForEnd(spoiling);
        Assert.That(spoiling.Exception, Is.TypeOf<NotSupportedException>());
        Within.Until(() => Volatile.Read(ref tries) >= 3 && loggers.Exceptions.Count >= 3, "three tries that are logged");
        for (var i = 0; i < 20; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));

        var now = troupe.Snapshot();
        var empty = now.Workers.Single(static worker => worker.State == WorkerState.Empty);
        Assert.That(empty.StartFailure, Is.EqualTo("the model is gone"));
        Assert.That(loggers.Exceptions, Has.Count.GreaterThanOrEqualTo(3).And.All.TypeOf<FormatException>());

        Volatile.Write(ref fails, false);
        Within.Until(() => troupe.Snapshot().Workers.All(static worker => worker.State == WorkerState.Idle), "both");
        await End(troupe);
    }

    [Test]
    public async Task Troupe_WithoutALivingWorker_FaultsTasksAfterItsPatienceAndComesBack()
    {
        var fails = false;
        var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref fails) ? throw new FormatException("the database restarts") : new FunctionWorker(Spoil),
            Options(new Settings
            {
                Workers = 2, Capacity = 2, ReplaceWorkerWhen = static e => e is NotSupportedException,
                StartPatience = TimeSpan.FromMilliseconds(300),
            }));
        await Within.Time(troupe.WhenReadyAsync());
        Volatile.Write(ref fails, true);
        TinyFuture<int>[] spoiling = [troupe.Submit(-1), troupe.Submit(-1)];
        foreach (var future in spoiling) WaitForEnd(future);
        var input = new TinyFutureSource<int>();
        List<TinyFuture<int>> waiting = [troupe.Submit(1), troupe.Submit(input.Future)];
        var blocked = Blocked(() => waiting.Add(troupe.Submit(2)));   // there is no room: the second waits for its input
        var queued = troupe.SubmitAsync(3).AsTask();
        await Within.Time(blocked, "the blocked submitter");
        waiting.Add(await Within.Time(queued, "the queued submitter"));
        waiting.RemoveAt(1);
        foreach (var future in waiting)
        {
            WaitForEnd(future);
            Assert.That(
                future.Exception,
                Is.TypeOf<WorkerStartException>().With.Message.Contains("StartPatience").And.Message.Contains("the database restarts"));
        }

        Assert.That(troupe.WhenReadyAsync().IsCompletedSuccessfully, Is.True, "it was ready once");
        Volatile.Write(ref fails, false);
        Within.Until(() => troupe.Snapshot().Workers.Any(static worker => worker.State == WorkerState.Idle), "a worker");
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(4));
        input.TrySetResult(5);
        await End(troupe);
        var end = troupe.Snapshot();
        Assert.That(end.Accepted, Is.EqualTo(end.Succeeded + end.Faulted + end.Canceled));
        Assert.That(end.Succeeded, Is.EqualTo(2));
    }

    [Test]
    public async Task Dispose_OfATroupeThatIsDown_Ends([Values] bool aborts)
    {
        var fails = false;
        var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref fails) ? throw new FormatException() : new FunctionWorker(Spoil),
            Options(new Settings
            {
                ReplaceWorkerWhen = static e => e is NotSupportedException,
                StartPatience = aborts ? Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(50),
            }));
        await Within.Time(troupe.WhenReadyAsync());
        Volatile.Write(ref fails, true);
        WaitForEnd(troupe.Submit(-1));
        var waiting = troupe.Submit(1);
        var ending = troupe.DisposeAsync().AsTask();
        if (aborts) troupe.Abort();
        await Within.Time(ending, "the end");
        Assert.That(waiting.Status, Is.EqualTo(aborts ? TinyFutureStatus.Canceled : TinyFutureStatus.Faulted));
    }

    [Test]
    public async Task Dispose_WhileAWorkerCannotBeReplaced_DoesNotWaitForThePause()
    {
        var fails = false;
        var clock = new ManualClock();   // the pause never ends
        var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref fails) ? throw new FormatException() : new FunctionWorker(Spoil),
            Options(new Settings { ReplaceWorkerWhen = static e => e is NotSupportedException, Clock = clock }));
        await Within.Time(troupe.WhenReadyAsync());
        Volatile.Write(ref fails, true);
        WaitForEnd(troupe.Submit(-1));
        Within.Until(() => troupe.Snapshot().Workers[0].State == WorkerState.Empty, "the first try");
        await End(troupe);
    }

    [Test]
    public async Task Making_ThatNeverEnds_BreaksTheTroupeAfterTheMakeTimeout([Values("the factory", "StartAsync")] string where)
    {
        using var gate = new ManualResetEventSlim();
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                if (where == "the factory") Within.Wait(gate);
                return new AwaitingWorker(() => { }, async () => await never.Task, () => default);
            },
            Options(new Settings { MakeTimeout = TimeSpan.FromMilliseconds(50), Grace = TimeSpan.FromMilliseconds(50) }));
        var waiting = troupe.Submit(1);
        WaitForEnd(waiting);
        Assert.That(waiting.Exception, Is.TypeOf<WorkerStartException>().With.InnerException.TypeOf<TimeoutException>());
        Assert.That(waiting.Exception!.Message, Does.Contain("MakeTimeout"));
        await End(troupe);
        gate.Set();
        never.SetResult();
    }

    [Test]
    public async Task Replacement_WhoseMakingNeverEnds_IsGivenUpAndTriedAgain()
    {
        using var gate = new ManualResetEventSlim();
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                if (Interlocked.Increment(ref made) == 2) Within.Wait(gate);
                return new FunctionWorker(Spoil);
            },
            Options(new Settings
            {
                ReplaceWorkerWhen = static e => e is NotSupportedException, MakeTimeout = TimeSpan.FromMilliseconds(500),
                Grace = TimeSpan.FromMilliseconds(50),
            }));
        await Within.Time(troupe.WhenReadyAsync());
        WaitForEnd(troupe.Submit(-1));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(made, Is.EqualTo(3));
        gate.Set();
        await End(troupe);
    }

    private static int Spoil(int x) => x < 0 ? throw new NotSupportedException("the connection is lost") : x;
}
