namespace TinyWorker.Tests.Contract;

// Workers that are replaced after MaxTasksPerWorker tasks, several at a time.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the disposal")]
    [TestCase("the factory")]
    public async Task Replacement_OfOneWorkerThatTakesLong_DoesNotStopTheOther(string slow)
    {
        const int Count = 50;
        using var gate = new ManualResetEventSlim();
        var swaps = 0;
        var made = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                Interlocked.Increment(ref made);
                if (slow == "the factory" && info.Restarts > 0) BlockTheFirst();
                return new FunctionWorker(
                    x => x,
                    () =>
                    {
                        if (slow == "the disposal") BlockTheFirst();
                        Interlocked.Increment(ref disposed);
                    });
            },
            Options(new Settings { Workers = 2, MaxTasksPerWorker = 1 }));
        for (var i = 0; i < Count; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        Assert.That(troupe.Snapshot().Workers.Min(worker => worker.TasksDone), Is.LessThanOrEqualTo(1), "one of them hangs in its swap");
        gate.Set();
        for (var i = 0; i < Count; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        await End(troupe);
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(2 * Count));
        // A worker for every task; the last two tasks need not have successors.
        Assert.That(made, Is.EqualTo(disposed).And.InRange(2 * Count, (2 * Count) + 2));

        void BlockTheFirst()
        {
            if (Interlocked.Increment(ref swaps) == 1) Pass(gate, 0);
        }
    }

    [Test]
    public async Task Replacement_ThatFailsThreeTimes_EndsWhatWaitsAndWhoQueuesAndLeavesWhatRunsAlone()
    {
        using var busy = new ManualResetEventSlim();
        using var trigger = new ManualResetEventSlim();
        var input = new TinyFutureSource<int>();
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => Interlocked.Increment(ref made) <= 2 ? new FunctionWorker(x => Pass(x == 0 ? busy : trigger, x)) : throw new FormatException(),
            Options(new Settings { Workers = 2, Capacity = 2, MaxTasksPerWorker = 1 }));
        await Within.Time(troupe.WhenReadyAsync());
        var running = troupe.Submit(0);
        var last = troupe.Submit(1);
        Within.Until(() => troupe.Snapshot() is { Running: 2, Waiting: 0 }, "both workers to be busy");
        TinyFuture<int>[] waiting = [troupe.Submit(input.Future), troupe.Submit(2)];
        TinyFuture<int>? blocked = null;
        var blocking = Blocked(() => blocked = troupe.Submit(3));
        var queued = troupe.SubmitAsync(input.Future).AsTask();

        trigger.Set();

        Assert.That(Within.Time(last), Is.EqualTo(1));
        await Within.Time(blocking, "the blocked submitter");
        TinyFuture<int>[] broken = [.. waiting, blocked!, await Within.Time(queued, "the queued submitter"), troupe.Submit(4)];
        foreach (var future in broken)
        {
            WaitForEnd(future);
            Assert.That(future.Exception, Is.TypeOf<WorkerStartException>().With.InnerException.TypeOf<FormatException>().And.Property("Tries").EqualTo(3));
        }

        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Running));
        busy.Set();
        Assert.That(Within.Time(running), Is.EqualTo(0));
        await End(troupe);
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Succeeded, now.Faulted), Is.EqualTo((7L, 2L, 5L)));
    }

    [Test]
    public async Task Replacement_ThatFailsTwice_SucceedsWithTheThirdTry()
    {
        var made = 0;
        using var loggers = new RecordingLoggers();
        var troupe = new TinyTroupe<int, int>(
            _ => ++made is 2 or 3 ? throw new FormatException() : new FunctionWorker(x => x),
            Options(new Settings { MaxTasksPerWorker = 1, Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        await End(troupe);
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(2).And.All.TypeOf<FormatException>());
    }
}
