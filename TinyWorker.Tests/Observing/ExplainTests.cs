namespace TinyWorker.Tests.Observing;

/// <summary>What a troupe says of itself, in each condition.</summary>
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
        Say(troupe, TroupeCondition.Starting, "none of its 1 workers is ready");
        _gate.Set();
    }

    [Test]
    public void Explain_WithNothingToDo_IsStarved()
    {
        using var troupe = Troupe();
        _gate.Set();
        Within.Time(troupe.Submit(1));
        Say(troupe, TroupeCondition.Starved, "2 of its 2 workers have nothing to do, and no task waits for one");
    }

    [Test]
    public void Explain_WithAllWorkersAtWorkAndAFewWaiting_IsBusy()
    {
        using var troupe = Troupe();
        Submit(troupe, tasks: 3);
        Say(troupe, TroupeCondition.Busy, "2 of its 2 workers run a task, and 1 tasks wait");
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
        Say(troupe, TroupeCondition.Saturated, "Its Capacity of 8 is reached, and who submits is held back");
        _gate.Set();
    }

    [Test]
    public void Explain_OfAChainThatWaitsForItsInput_SaysThatItIsNotTheSlowOne()
    {
        using var slow = Troupe();
        using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        TinyFuture<int>[] ends = [.. Enumerable.Range(0, 5).Select(i => troupe.Submit(slow.Submit(i)))];
        Say(troupe, TroupeCondition.WaitingForInput, "all 5 tasks that wait, wait for their input");
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
            Say(troupe, TroupeCondition.HeldByConsumer, "whoever enumerates it is at work of its own");
            Assert.That(troupe.Explain().WindowSize, Is.EqualTo(8));
        }

        Say(troupe, TroupeCondition.Starved, "starved");
        Assert.That(troupe.Explain().WindowSize, Is.Zero, "the map is over");
    }

    [Test]
    public async Task Explain_OfAnAsynchronousMapWhoseConsumerIsAtWorkOfItsOwn_IsHeldByTheConsumer()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Workers = 2 });
        await using var items = troupe.MapAsync(Enumerable.Range(0, 100)).GetAsyncEnumerator();
        await Within.Time(items.MoveNextAsync().AsTask());
        Say(troupe, TroupeCondition.HeldByConsumer, "whoever enumerates it");
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
        Say(troupe, TroupeCondition.Hung, "1 were asked to stop and still run, and 0 workers were given up");
        Within.Until(() => _clock.Armed > 0, "the grace to begin");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Within.Until(() => troupe.Snapshot().Abandoned == 1, "the worker to be given up");
        Say(troupe, TroupeCondition.Hung, "0 were asked to stop and still run, and 1 workers were given up");
        Within.Until(() => troupe.Explain() is { Restarts: 1 }, "the replacement");
        var before = troupe.Explain();
        Assert.That(before.Text, Does.Contain("1 workers were replaced"));
        Within.Until(() => troupe.Explain(before) is { Condition: TroupeCondition.Starved, Restarts: 0 }, "a word about the time since");
        _gate.Set();
    }

    [Test]
    public void Explain_OfATroupeWhoseWorkerCannotBeMade_IsBrokenAndSaysWhy()
    {
        Func<WorkerInfo, ITinyWorker<int, int>> factory = _ => throw new FormatException("no such model");
        using var troupe = new TinyTroupe<int, int>(factory, new ThreadTroupeOptions { Workers = 1 });
        Say(troupe, TroupeCondition.Broken, "is broken, and every task faults: ");
        Assert.That(troupe.Explain().Text, Does.EndWith(troupe.Submit(1).Exception!.Message));
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
            Assert.That(after.Text, Does.Contain("In the last 5.0 s it ended 2.0 tasks a second. At that rate a task waits about 4.5 s for a worker that is at it for about 1.0 s."));
            Assert.That(after.ToString(), Does.StartWith(after.Text).And.Contains("tasks: 16 accepted = 4 waiting (0 for their input) + 2 running + 10 succeeded + 0 faulted + 0 canceled"));
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
            Assert.That(busy.Text, Does.Contain("At that rate a worker is at a task for about 100.0 ms; none was seen to wait."));
        }
    }

    [Test]
    public void Explain_SinceAnExplanationOfAnotherTroupe_IsRefused()
    {
        using var one = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "one", Workers = 1 });
        using var other = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "other", Workers = 1 });
        Assert.That(() => one.Explain(other.Explain()), Throws.ArgumentException.With.Message.Contains("'other'"));
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
        Pass, new ThreadTroupeOptions { Workers = 2, Capacity = capacity, CancellationGrace = grace ?? TimeSpan.FromSeconds(1), TimeProvider = _clock });

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
