using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Observing;

/// <summary>The sentences of an explanation, for one worker or task and for several, whatever the condition.</summary>
internal sealed class ExplanationTextTests
{
    private const string NoRate = " No task ended in the last 0 µs.";

    private static readonly Exception Cause = new FormatException("no model");

    [TestCase(1, 0, "is starting: its worker is not ready yet, and no task waits.")]
    [TestCase(1, 1, "is starting: its worker is not ready yet, and 1 task waits.")]
    [TestCase(2, 2, "is starting: none of its 2 workers is ready yet, and 2 tasks wait.")]
    public void Starting(int workers, int waiting, string begin) =>
        Begins(
            Of(TroupeCondition.Starting, Workers(WorkerState.Starting, workers), waiting: waiting),
            begin + " How long that takes depends on the workers' factory, constructor and StartAsync and, if they take the place of "
            + "others, on the disposal of those.");

    [TestCase(TroupeCondition.Idle, "is idle: ", ", and no task waits or runs.")]
    [TestCase(TroupeCondition.Starved, "is starved: ", ", and no task waits for ")]
    [TestCase(TroupeCondition.HeldByWindow, "is held by the window of a map: ", ", because the window is full")]
    [TestCase(TroupeCondition.HeldByConsumer, "is held by the consumer of a map: ", ", because the consumer does work of its own")]
    public void WithNothingToDo(TroupeCondition condition, string begin, string then)
    {
        Begins(Of(condition, Workers(WorkerState.Idle, 1)), $"{begin}its worker has nothing to do{then}");
        Begins(Of(condition, Workers(WorkerState.Idle, 1, busy: 1)), $"{begin}1 of its 2 workers has nothing to do{then}");
        Begins(Of(condition, Workers(WorkerState.Idle, 2)), $"{begin}2 of its 2 workers have nothing to do{then}");
        Begins(Of(condition, Workers(WorkerState.Idle, 1200)), $"{begin}1,200 of its 1,200 workers have nothing to do{then}");
    }

    [TestCase(1, "the task that waits has no input yet.")]
    [TestCase(2, "all 2 tasks that wait have no input yet.")]
    public void WaitingForInput(int waiting, string words) => Begins(
        Of(TroupeCondition.WaitingForInput, Workers(WorkerState.Idle, 1), waiting: waiting, withoutInput: waiting),
        $"waits for its input: its worker has nothing to do, and {words}");

    [TestCase(1, 0, "its worker runs a task, and no task waits for it.")]
    [TestCase(1, 1, "its worker runs a task, and 1 task waits for it.")]
    [TestCase(2, 1, "2 of its 2 workers run a task, and 1 task waits for one.")]
    [TestCase(2, 2, "2 of its 2 workers run a task, and 2 tasks wait for one.")]
    public void Busy(int busy, int waiting, string words) => Begins(
        Of(TroupeCondition.Busy, Workers(WorkerState.Busy, busy), waiting: waiting), $"keeps up: {words} There is nothing to change.");

    [TestCase(1, "its worker is between two tasks, and 1 task waits for it.")]
    [TestCase(2, "its workers are between two tasks, and 1 task waits for one.")]
    public void Busy_BetweenTwoTasks(int workers, string words) =>
        Begins(Of(TroupeCondition.Busy, Workers(WorkerState.Idle, workers), waiting: 1), $"keeps up: {words}");

    [TestCase(1, 1, "its worker runs a task, and 1 more waits for it. More")]
    [TestCase(2, 3, "2 of its 2 workers run a task, and 3 more wait for one. More")]
    [TestCase(1, 8, "its worker runs a task, and 8 more wait for it. Its Capacity of 8 is reached, and submitters are held back. More")]
    public void Saturated(int workers, int waiting, string words) =>
        Begins(Of(TroupeCondition.Saturated, Workers(WorkerState.Busy, workers), waiting: waiting), $"is saturated: {words}");

    [Test]
    public void Saturated_WithACapacityBelowTheWorkers_SaysThatItHoldsThemBack()
    {
        var text = Of(TroupeCondition.Saturated, Workers(WorkerState.Busy, 12), waiting: 8).Text;
        Assert.That(text, Does.Contain("Its Capacity of 8 is reached, and submitters are held back. A Capacity below the number of workers "
            + "holds those back, too: with 12 or more,"));
        Assert.That(text, Does.Not.Contain("A larger Capacity would only"));
    }

    [TestCase(1, "no task waits for it or runs. There is nothing to change. 1 task pauses before it is run again. No task ended")]
    [TestCase(3, "no task waits for it or runs. There is nothing to change. 3 tasks pause before they are run again. No task ended")]
    public void Pausing(int pausing, string words)
    {
        var explanation = Of(TroupeCondition.Idle, Workers(WorkerState.Idle, 1), waiting: pausing) with { Pausing = pausing };
        Assert.That(explanation.Text, Does.Contain(words));
        Assert.That(explanation.ToString(), Does.Contain($"{pausing} waiting (0 for their input, {pausing} in a pause)"));
    }

    [TestCase(WorkerState.Empty, 1, "1 worker had to be replaced in that time; the log says why.")]
    [TestCase(WorkerState.Empty, 2, "2 workers had to be replaced in that time; the log says why.")]
    [TestCase(WorkerState.Starting, 1, "1 worker had to be replaced in that time; the log says why.")]
    public void Restarts_WhileAWorkerIsNotThereYet_DoNotSayThatItIs(WorkerState state, int restarts, string end)
    {
        var explanation = Of(TroupeCondition.Degraded, Workers(state, restarts), empty: restarts) with { Restarts = restarts };
        Assert.That(explanation.Text, Does.EndWith(end));
        Assert.That(explanation.ToString(), Does.Contain("had to be replaced;"));
    }

    [TestCase(1, 0, "has a task that hangs: 1 task was asked to stop and still runs. Let")]
    [TestCase(0, 1, "has a task that hangs: 1 worker was abandoned so far. Let")]
    [TestCase(2, 0, "has tasks that hang: 2 tasks were asked to stop and still run. Let")]
    [TestCase(0, 0, "has a task that hangs: 1 worker has not come back from a task that was to stop. Let", 1)]
    [TestCase(0, 0, "has tasks that hang: 2 workers have not come back from a task that was to stop. Let", 2)]
    [TestCase(1, 2, "has tasks that hang: 1 task was asked to stop and still runs, and 2 workers were abandoned so far. Let")]
    public void Hung(int asked, int abandoned, string begin, int hung = 0) =>
        Begins(Of(TroupeCondition.Hung, Workers(WorkerState.Hung, hung, busy: 2), asked: asked, abandoned: abandoned), begin);

    [TestCase(0, 0, "no task runs, and no task waits. No other")]
    [TestCase(1, 1, "1 task runs to its end, and 1 task waits. No other")]
    [TestCase(2, 3, "2 tasks run to their ends, and 3 tasks wait. No other")]
    [TestCase(0, 8, "no task runs, and 8 tasks wait. Its Capacity of 8 is reached, and submitters are held back. No other")]
    public void Paused(int running, int waiting, string words)
    {
        var of = Of(TroupeCondition.Paused, Workers(WorkerState.Idle, 2), waiting: waiting);
        of = of with { Snapshot = of.Snapshot with { Running = running } };
        Begins(of, $"is paused: {words} task starts before Resume() is called.{NoRate}");
    }

    [TestCase(1, "1 of its 2 workers is missing")]
    [TestCase(2, "2 of its 2 workers are missing")]
    public void Paused_WhileWorkersAreMissing_TellsOfThem(int empty, string missing) => Begins(
        Of(TroupeCondition.Paused, Workers(WorkerState.Empty, 2), empty: empty, failure: Cause),
        $"is paused: no task runs, and no task waits. No other task starts before Resume() is called. Meanwhile {missing} and could not be "
        + "made again. The last try failed with FormatException: no model. The troupe tries again." + NoRate);

    [TestCase(TroupeCondition.Idle, "is idle: it has no worker, because nothing is to do, and no task waits or runs.")]
    [TestCase(TroupeCondition.Starting, "is starting: its first worker is about to be made, and no task waits.")]
    [TestCase(TroupeCondition.WaitingForInput, "waits for its input: it has no worker, because nothing is to do, and all 0 tasks")]
    public void OfAnElasticTroupe_WithoutWorkers(TroupeCondition condition, string words)
    {
        var of = OfAtMost(4, Of(condition, []));
        Begins(of, words);
        Assert.That(of.ToString(), Does.Contain("  workers: 0 of 4 at the most = 0 starting"));
    }

    [TestCase(0, 0, "2 of its 2 workers run a task, and no task waits for one. There is nothing")]
    [TestCase(0, 3, "2 of its 2 workers run a task, and 3 tasks wait for one. It may have 4 workers, and makes another if tasks go on ")]
    [TestCase(1, 3, "2 of its 3 workers run a task, and 3 tasks wait for one. 1 worker of the 4 that it may have is being made. There")]
    [TestCase(2, 0, "2 of its 4 workers run a task, and no task waits for one. There is nothing")]
    public void OfAnElasticTroupe_ThatGrows(int starting, int waiting, string words) => Begins(
        OfAtMost(4, Of(TroupeCondition.Busy, Workers(WorkerState.Starting, starting, busy: 2), waiting: waiting)),
        "keeps up: " + words);

    [TestCase(1, 2, "1 of its 2 workers is missing", ", and its other workers go on.")]
    [TestCase(2, 3, "2 of its 3 workers are missing", ", and its other workers go on.")]
    [TestCase(1, 1, "its worker is missing", ". Until a worker is made, tasks wait for 30.0 s (StartPatience) and then fault.")]
    [TestCase(2, 2, "2 of its 2 workers are missing", ". Until a worker is made, tasks wait for 30.0 s (StartPatience) and then fault.")]
    public void Degraded(int empty, int workers, string missing, string end) => Begins(
        Of(TroupeCondition.Degraded, Workers(WorkerState.Idle, workers), empty: empty, failure: Cause),
        $"is degraded: {missing} and could not be made again. The last try failed with FormatException: no model. The troupe tries again{end}");

    [Test]
    public void Degraded_WithPatienceWithoutEnd() => Begins(
        Of(TroupeCondition.Degraded, Workers(WorkerState.Empty, 1), empty: 1) with { StartPatience = Timeout.InfiniteTimeSpan },
        "is degraded: its worker is missing and could not be made again. The troupe tries again. Until a worker is made, tasks wait."
        + NoRate);

    [Test]
    public void Down() => Begins(
        Of(TroupeCondition.Down, Workers(WorkerState.Empty, 1), failure: Cause),
        "is down: it has no worker, and every task faults. The last try failed with FormatException: no model. "
        + "The troupe tries again, and goes on with the first worker that can be made.");

    [TestCase("no model", "no model.")]
    [TestCase("no model.", "no model.")]
    [TestCase("no model: ", "no model.")]
    [TestCase("is it there?", "is it there?")]
    public void Broken(string message, string ends) => Assert.That(
        Of(TroupeCondition.Broken, Workers(WorkerState.Stopped, 1), failure: new FormatException(message)).Text,
        Is.EqualTo("'t' is broken, and every task faults: " + ends));

    [Test]
    public void Stopped() => Assert.That(
        Of(TroupeCondition.Stopped, Workers(WorkerState.Stopped, 1)).Text, Is.EqualTo("'t' is stopped and takes no more work."));

    [TestCase(1, "1 worker was replaced in that time; the log says why.")]
    [TestCase(2, "2 workers were replaced in that time; the log says why.")]
    public void Restarts(int restarts, string end)
    {
        var explanation = Of(TroupeCondition.Idle, Workers(WorkerState.Idle, 1)) with { Restarts = restarts };
        Assert.That(explanation.Text, Does.EndWith(NoRate + " " + end));
        Assert.That(explanation.ToString(), Does.Contain(restarts == 1 ? "; 1 worker replaced;" : "; 2 workers replaced;"));
    }

    [Test]
    public void Conditions_AreAllTold([Values] TroupeCondition condition)
    {
        var text = Of(condition, Workers(WorkerState.Idle, 1), failure: Cause).Text;
        Assert.That(text.Contains("takes no more work", StringComparison.Ordinal), Is.EqualTo(condition == TroupeCondition.Stopped), text);
    }

    [TestCase("", "")]
    [TestCase("so", "so.")]
    [TestCase("so!\n", "so!")]
    [TestCase("so;", "so.")]
    public void Sentence_OfAText_EndsWithOneMark(string text, string sentence) => Assert.That(Wording.Sentence(text), Is.EqualTo(sentence));

    private static void Begins(TroupeExplanation explanation, string begin) =>
        Assert.That(explanation.Text, Does.StartWith("'t' " + begin));

    private static WorkerSnapshot[] Workers(WorkerState state, int count, int busy = 0) =>
        [.. Enumerable.Range(0, count + busy).Select(i => new WorkerSnapshot(i, i < count ? state : WorkerState.Busy, 0, 0))];

    private static TroupeExplanation OfAtMost(int workers, TroupeExplanation of) =>
        of with { Snapshot = of.Snapshot with { MaxWorkers = workers } };

    private static TroupeExplanation Of(
        TroupeCondition condition, WorkerSnapshot[] workers, int waiting = 0, int withoutInput = 0, int asked = 0, int abandoned = 0,
        int empty = 0, Exception? failure = null) => new()
    {
        Condition = condition,
        Snapshot = new TroupeSnapshot("t", 8, 0, waiting, 0, 0, 0, 0, abandoned, workers),
        WaitingForInput = withoutInput,
        AskedToStop = asked,
        EmptyPlaces = empty,
        StartPatience = TimeSpan.FromSeconds(30),
        FailedBy = failure,
    };
}
