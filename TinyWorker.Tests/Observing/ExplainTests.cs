namespace TinyWorker.Tests.Observing;

/// <summary>What a troupe explains in each condition.</summary>
internal sealed class ExplainTests
{
    private readonly ManualResetEventSlim _gate = new();
    private readonly ManualClock _clock = new();

    [SetUp]
    public void Close() => _gate.Reset();

    [Test]
    public void Explain_BeforeAWorkerIsReady_IsStarting()
    {
        using var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Within.Wait(_gate);
                return new Echo();
            },
            new ThreadTroupeOptions { Workers = 1 });
        _ = troupe.Submit(1);
        Say(troupe, TroupeCondition.Starting, "its worker is not ready yet, and 1 task waits. ");
        _gate.Set();
    }

    [Test]
    public void Explain_OfAServiceThatIsCalledNowAndThen_IsIdle()
    {
        using var troupe = Troupe();
        _gate.Set();
        Say(troupe, TroupeCondition.Idle, "is idle: 2 of its 2 workers have nothing to do, and no task waits or runs.");
        Within.Time(troupe.Submit(1));
        Say(troupe, TroupeCondition.Idle, "There is nothing to change.");
        var before = troupe.Explain();
        _clock.Advance(TimeSpan.FromSeconds(30));
        for (var i = 0; i < 29; i++) Within.Time(troupe.Submit(i));
        Within.Until(() => troupe.Explain(before) is { Condition: TroupeCondition.Idle, Ended: 29 }, "fewer than one a second");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Idle));
    }

    [Test]
    public void Explain_OfALoopThatWaitsForEachResult_IsStarved()
    {
        using var troupe = Troupe();
        _gate.Set();
        var before = troupe.Explain();
        _clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++) Within.Time(troupe.Submit(i));
        Within.Until(() => troupe.Explain(before).Condition == TroupeCondition.Starved, "ten in a second");
        Within.Until(() => troupe.Explain().Condition == TroupeCondition.Idle, "nobody is seen to feed it");
        Assert.That(troupe.Explain(troupe.Explain()).Condition, Is.EqualTo(TroupeCondition.Idle), "none came since");

        _gate.Reset();
        _ = troupe.Submit(1);
        Say(troupe, TroupeCondition.Starved, "1 of its 2 workers has nothing to do, and no task waits for one");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Starved));
        _gate.Set();
    }

    [Test]
    public void Explain_WithAllWorkersAtWorkAndAFewWaiting_IsBusy()
    {
        using var troupe = Troupe();
        Submit(troupe, tasks: 3);
        Say(troupe, TroupeCondition.Busy, "2 of its 2 workers run a task, and 1 task waits for one");
        _gate.Set();
    }

    [Test]
    public void Explain_WithAllWorkersAtWorkAndABacklog_IsSaturated()
    {
        using var troupe = Troupe(capacity: 8);
        Submit(troupe, tasks: 6);
        Say(troupe, TroupeCondition.Saturated, "2 of its 2 workers run a task, and 4 more wait");
        Assert.That(troupe.Explain().Text, Does.Not.Contain("held back"));
        Submit(troupe, tasks: 4);
        Say(troupe, TroupeCondition.Saturated, "Its Capacity of 8 is reached, and submitters are held back");
        _gate.Set();
    }

    [Test]
    public void Explain_WithACapacityBelowTheWorkersAndSubmittersHeldBack_IsSaturated()
    {
        using var troupe = Troupe(capacity: 1);
        Submit(troupe, tasks: 2);
        var submitted = Enumerable.Range(0, 4).Select(i => troupe.SubmitAsync(i).AsTask()).ToArray();
        Say(troupe, TroupeCondition.Saturated, "A Capacity below the number of workers holds those back");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Saturated));
        _gate.Set();
        foreach (var one in submitted) Within.Until(() => one.IsCompletedSuccessfully, "a submitter to be let in");
    }

    [Test]
    public void Explain_WhileTasksPauseBeforeTheyAreRunAgain_DoesNotCountThemAsWaitingForAWorker()
    {
        using var troupe = new TinyTroupe<int, int>(
            x => x >= 0 ? x : throw new FormatException(),
            new ThreadTroupeOptions
            {
                Workers = 2, MaxAttempts = 2, RetryWhen = static _ => true, RetryDelay = TimeSpan.FromSeconds(30),
                TimeProvider = _clock,
            });
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, 6).Select(_ => troupe.Submit(-1))];
        Say(troupe, TroupeCondition.Idle, "6 tasks pause before they are run again.");
        Assert.That(troupe.Snapshot(), Has.Property("Condition").EqualTo(TroupeCondition.Idle).And.Property("Waiting").EqualTo(6));
        foreach (var future in futures) future.Cancel();
        Say(troupe, TroupeCondition.Idle, "no task waits or runs");
    }

    [Test]
    public void Explain_OfAChainThatWaitsForItsInput_SaysThatItIsNotTheSlowOne()
    {
        using var slow = Troupe();
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        TinyFuture<int>[] ends = [.. Enumerable.Range(0, 5).Select(i => troupe.Submit(slow.Submit(i)))];
        Say(troupe, TroupeCondition.WaitingForInput, "all 5 tasks that wait have no input yet");
        Assert.That(troupe.Explain().WaitingForInput, Is.EqualTo(5));
        _gate.Set();
        Within.Time(TinyFuture.WhenAll(ends));
    }

    [Test]
    public void Explain_OfAMapWhoseConsumerIsAtWorkOfItsOwn_IsHeldByTheConsumer([Values] bool ordered)
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        using (var items = troupe.Map(Enumerable.Range(0, 100), new() { Ordered = ordered }).GetEnumerator())
        {
            Within.Time(() => items.MoveNext());
            Say(troupe, TroupeCondition.HeldByConsumer, "the consumer does work of its own");
            Assert.That(troupe.Explain().WindowSize, Is.EqualTo(8));
        }

        Say(troupe, TroupeCondition.Idle, "idle");
        Assert.That(troupe.Explain().WindowSize, Is.Zero, "the map is over");
    }

    [Test]
    public async Task Explain_OfAnAsynchronousMapWhoseConsumerIsAtWorkOfItsOwn_IsHeldByTheConsumer()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        await using var items = troupe.MapAsync(Enumerable.Range(0, 100)).GetAsyncEnumerator();
        await Within.Time(items.MoveNextAsync().AsTask());
        Say(troupe, TroupeCondition.HeldByConsumer, "the consumer does work");
    }

    [Test]
    public void Explain_OfAMapBehindASlowItem_IsHeldByTheWindow([Values] bool asynchronous)
    {
        using var troupe = new TinyTroupe<int, int>(x => x == 0 ? Pass(x) : x, new ThreadTroupeOptions { Workers = 3 });
        var options = new MapOptions { Window = 4 };
        var sum = asynchronous
            ? Task.Run(async () => await troupe.MapAsync(Enumerable.Range(0, 10), options).SumAsync())
            : Task.Run(() => troupe.Map(Enumerable.Range(0, 10), options).Sum());
        Say(troupe, TroupeCondition.HeldByWindow, "2 of its 3 workers have nothing to do, because the window is full");
        Assert.That(troupe.Explain() is { WindowItems: 4, WindowSize: 4 }, Is.True);
        _gate.Set();
        Within.Until(() => sum.IsCompleted, "the map");
    }

    [Test]
    public void Explain_OfAMapWithASlowSource_IsStarved([Values] bool asynchronous)
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        using var reading = new ManualResetEventSlim();
        IEnumerable<int> Slowly()
        {
            yield return 1;
            reading.Set();
            yield return Pass(2);
        }

        var sum = asynchronous
            ? Task.Run(async () => await troupe.MapAsync(Slowly()).SumAsync())
            : Task.Run(() => troupe.Map(Slowly()).Sum());
        Within.Wait(reading);
        Say(troupe, TroupeCondition.Starved, "a slow source");
        _gate.Set();
        Within.Until(() => sum.IsCompleted, "the map");
    }

    [Test]
    public void Explain_WithATaskThatIgnoresItsToken_IsHungUntilItIsOldNews()
    {
        using var troupe = Troupe(grace: TimeSpan.FromSeconds(10));
        var hanging = troupe.Submit(1);
        Within.Until(() => hanging.Status == TinyFutureStatus.Running, "the start");
        hanging.Cancel();
        Say(troupe, TroupeCondition.Hung, "has a task that hangs: 1 task was asked to stop and still runs. ");
        Within.Until(() => _clock.Armed > 0, "the grace to begin");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Within.Until(() => troupe.Snapshot().Abandoned == 1, "the worker to be abandoned");
        Say(troupe, TroupeCondition.Hung, "has a task that hangs: 1 worker was abandoned so far. ");
        Within.Until(
            () => troupe.Explain() is { Restarts: 1 } explanation && explanation.Snapshot.Workers.All(w => w.State != WorkerState.Starting),
            "the replacement");
        var before = troupe.Explain();
        Assert.That(before.Text, Does.Contain("1 worker was replaced"));
        Within.Until(() => troupe.Explain(before) is { Condition: TroupeCondition.Idle, Restarts: 0 }, "the condition since then");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Idle), "a snapshot is of now");
        _gate.Set();
    }

    [Test]
    public void Explain_OfATroupeWhoseWorkerCannotBeMade_IsBrokenAndSaysWhy()
    {
        Func<WorkerInfo, ITinyWorker<int, int>> factory = _ => throw new FormatException("no such model");   // without a full stop
        using var troupe = new TinyTroupe<int, int>(factory, new ThreadTroupeOptions { Workers = 1 });
        Say(troupe, TroupeCondition.Broken, "is broken, and every task faults: ");
        Assert.That(troupe.Explain().Text, Does.EndWith(troupe.Submit(1).Exception!.Message).And.Contains("no such model. The"));
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Broken));
    }

    [Test]
    public void Explain_OfATroupeThatWasDisposedOrAborted_IsStopped()
    {
        var disposed = Troupe();
        Within.Time(disposed.Dispose);
        Say(disposed, TroupeCondition.Stopped, "is stopped");
        using var aborted = Troupe();
        aborted.Abort();
        Say(aborted, TroupeCondition.Stopped, "is stopped");
    }

    [Test]
    public void Figures_SinceAnExplanation_FollowFromTheCountsOfThenAndNow()
    {
        using var pass = new SemaphoreSlim(0);
        using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                pass.Wait(Within.Deadline);
                return x;
            },
            new ThreadTroupeOptions { Name = "steps", Workers = 2, TimeProvider = _clock });
        for (var i = 0; i < 16; i++) _ = troupe.Submit(i);
        Within.Until(() => troupe.Snapshot().Running == 2, "both workers to be busy");
        var before = troupe.Explain();
        Assert.That((before.Ended, before.Wait, before.Run), Is.EqualTo((0L, (TimeSpan?)null, (TimeSpan?)null)));
        Assert.That(before.Text, Does.Contain("No task ended"));

        _clock.Advance(TimeSpan.FromSeconds(5));
        pass.Release(10);
        Within.Until(() => troupe.Snapshot() is { Succeeded: 10, Running: 2 }, "the end of ten");
        var after = troupe.Explain(before);
        using (Assert.EnterMultipleScope())
        {
            Assert.That((after.Over, after.Ended), Is.EqualTo((TimeSpan.FromSeconds(5), 10L)));
            Assert.That(after.Wait, Is.EqualTo(TimeSpan.FromSeconds(4.5)), "9 waited on average, and 2 ended in a second");
            Assert.That(after.Run, Is.EqualTo(TimeSpan.FromSeconds(1)), "2 ran, and 2 ended in a second");
            Assert.That(after.Text, Does.Contain(
                "In the last 5.0 s it ended 2.0 tasks a second. "
                + "At that rate a task waits about 4.5 s for a worker and runs for about 1.0 s."));
            Assert.That(after.ToString(), Does.StartWith(after.Text).And.Contains(
                "tasks: 16 accepted = 4 waiting (0 for their input) + 2 running + 10 succeeded + 0 faulted + 0 canceled"));
        }

        pass.Release(6);
    }

    [Test]
    public void Figures_OfTasksThatCameOneByOne_TellNoTimeThatNobodySaw()
    {
        using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x > 0) _clock.Advance(TimeSpan.FromMilliseconds(100));
                return x > 0 ? x : Pass(x);
            },
            new ThreadTroupeOptions { Name = "one by one", Workers = 1, TimeProvider = _clock });
        for (var i = 1; i <= 5; i++) Within.Time(troupe.Submit(i));
        Within.Until(() => troupe.Snapshot() is { Succeeded: 5, Running: 0 }, "the count of the last");
        var idle = troupe.Explain();
        _ = troupe.Submit(0);
        Within.Until(() => troupe.Snapshot().Running == 1, "one to run");
        var busy = troupe.Explain();
        _gate.Set();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((idle.Ended, idle.Wait, idle.Run), Is.EqualTo((5L, (TimeSpan?)null, (TimeSpan?)null)));
            Assert.That(idle.Text, Does.Contain("it ended 10 tasks a second").And.Not.Contain("At that rate"));
            Assert.That(idle.ToString(), Does.Contain("a task waits an unknown time and runs an unknown time"));
            Assert.That((busy.Wait, busy.Run), Is.EqualTo(((TimeSpan?)null, (TimeSpan?)TimeSpan.FromMilliseconds(100))));
            Assert.That(busy.Text, Does.Contain("At that rate a task runs for about 100.0 ms; no task was seen to wait."));
        }
    }

    [Test]
    public void Explain_SinceAnExplanationOfAnotherTroupe_IsRefused()
    {
        using var one = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "one", Workers = 1 });
        using var other = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "other", Workers = 1 });
        Assert.That(() => one.Explain(other.Explain()), Throws.ArgumentException.With.Message.Contains("'other'"));
    }

    [Test]
    public void Explain_SinceAnExplanationOfAnotherTroupeOfTheSameName_IsRefused()
    {
        using var one = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "twin", Workers = 1 });
        using var other = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "twin", Workers = 1 });
        Assert.That(() => one.Explain(other.Explain()), Throws.ArgumentException.With.Message.Contains("'twin'"));
        Assert.That(one.Explain(one.Explain()).Ended, Is.Zero);
    }

    [Test]
    public void Explain_OfATroupeThatIsPaused_SaysWhatRunsAndWhatWaits()
    {
        using var troupe = Troupe(capacity: 4);
        Submit(troupe, tasks: 2);
        troupe.Pause();
        for (var i = 0; i < 4; i++) _ = troupe.Submit(i);
        Say(troupe, TroupeCondition.Paused, "2 tasks run to their ends, and 4 tasks wait. Its Capacity of 4 is reached");
        Assert.That(troupe.Snapshot().Condition, Is.EqualTo(TroupeCondition.Paused));
        _gate.Set();
        Say(troupe, TroupeCondition.Paused, "no task runs, and 4 tasks wait");
        troupe.Resume();
        Within.Until(() => troupe.Explain().Condition is not TroupeCondition.Paused, "the end of the pause");
        Within.Until(() => troupe.Snapshot().Waiting == 0, "the tasks that waited");
    }

    [Test]
    public void Explain_OfATroupeThatIsPausedWhileATaskHangs_SaysThatItHangs()
    {
        using var troupe = Troupe();
        var task = troupe.Submit(1);
        Within.Until(() => task.Status == TinyFutureStatus.Running, "the task");
        troupe.Pause();
        Assert.That(troupe.Explain().Condition, Is.EqualTo(TroupeCondition.Paused));
        task.Cancel();
        Say(troupe, TroupeCondition.Hung, "1 task was asked to stop and still runs");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Within.Until(() => task.IsCompleted, "its end");
        Within.Until(() => troupe.Snapshot().Abandoned == 1, "its worker to be given up");
        Say(troupe, TroupeCondition.Paused, "no task runs");
        troupe.Resume();
        Say(troupe, TroupeCondition.Hung, "1 worker was abandoned so far");
        _gate.Set();
    }

    [Test]
    public async Task Explain_OfATroupeThatIsPausedAndClosed_IsPausedNoMore()
    {
        var troupe = Troupe();
        _gate.Set();
        troupe.Pause();
        _ = troupe.Submit(1);
        Say(troupe, TroupeCondition.Paused, "no task runs, and 1 task waits");
        await Within.Time(troupe.DisposeAsync().AsTask());
        Assert.That(troupe.Explain().Condition, Is.EqualTo(TroupeCondition.Stopped));
    }

    [Test]
    public void Explain_OfATroupeThatIsPausedWhileAWorkerIsMissing_IsPausedAndSaysSo()
    {
        var made = 0;
        using var troupe = new TinyTroupe<int, int>(
            _ => Interlocked.Increment(ref made) == 1 ? new Echo() : throw new FormatException("no model"),
            new ThreadTroupeOptions { Workers = 1, MaxTasksPerWorker = 1, TimeProvider = _clock });
        Within.Time(troupe.Submit(1));
        Say(troupe, TroupeCondition.Degraded, "no model");
        troupe.Pause();
        Say(
            troupe, TroupeCondition.Paused,
            "Meanwhile its worker is missing and could not be made again. The last try failed with FormatException: no model.");
        troupe.Abort();
    }

    private static void Say<TIn, TOut>(TinyTroupe<TIn, TOut> troupe, TroupeCondition condition, string words)
    {
        try
        {
            Within.Until(() => troupe.Explain().Condition == condition, "a troupe that is " + condition);
        }
        finally
        {
            TestContext.Out.WriteLine(troupe.Explain());
        }

        Within.Until(() => troupe.Explain().Text.Contains(words, StringComparison.Ordinal), $"the words '{words}'");
    }

    private TinyTroupe<int, int> Troupe(int capacity = 1024, TimeSpan? grace = null) => new(
        Pass,
        new ThreadTroupeOptions
        {
            Workers = 2,
            Capacity = capacity,
            CancellationGrace = grace ?? TimeSpan.FromSeconds(1),
            TimeProvider = _clock,
        });

    private static void Submit(TinyTroupe<int, int> troupe, int tasks)
    {
        for (var i = 0; i < tasks; i++) _ = troupe.Submit(i);
        Within.Until(() => troupe.Snapshot().Running == 2, "both workers to be busy");
    }

    private int Pass(int x)
    {
        Within.Wait(_gate);
        return x;
    }

    private sealed class Echo : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;
    }
}
