using System.Diagnostics;

namespace TinyWorker.Tests.Contract;

// What flows from the submitter into the task: its activity, with and without listeners of the library's source, and nothing else. These
// listeners sample nothing. The spans of tasks are in TroupeContract.Watching.cs.
public abstract partial class TroupeContract
{
    [TestCaseSource(typeof(NonParallelCases), nameof(NonParallelCases.Listeners))]
    public async Task Activity_OfTheSubmitterWithAnyListener_IsCurrentInTheTaskAndAfterItsAwaits(string listenedTo)
    {
        using var listener = Listen(listenedTo);
        using var activity = new Activity("the submitter's").Start();
        var troupe = new TinyTroupe<int, Activity?[]>(
            async _ =>
            {
                var before = Activity.Current;
                await Task.Yield();
                return [before, Activity.Current];
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.All.Matches(IsThat(activity)));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Activity_WithBaggage_BringsItToTheTask()
    {
        using var listener = Listen("TinyWorker");
        using var request = new Activity("the request").AddBaggage("tenant", "of the request").AddBaggage("path", "a=b,\nc%20ü").Start();
        using var activity = new Activity("the submitter's")
            .AddBaggage("tenant", "42").AddBaggage("empty", "").AddBaggage("nothing", null).Start();
        activity.TraceStateString = "k=v";
        var troupe = new TinyTroupe<int, string?[]>(
            _ =>
            [
                Activity.Current!.GetBaggageItem("tenant"),
                string.Join(' ', Activity.Current.Baggage.Select(item => $"{item.Key}:{item.Value ?? "null"}")),
                Activity.Current.OperationName,
                Activity.Current.TraceStateString,
            ],
            Options());
        Assert.That(
            Within.Time(troupe.Submit(1)),
            Is.EqualTo(["42", "nothing:null empty: tenant:42 path:a=b,\nc%20ü tenant:of the request", "the submitter's", "k=v"]));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Activity_OfASubmission_IsThatOfItsSubmitterNotOfTheCompleter()
    {
        using var listener = Listen("TinyWorker");
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, Activity?>(_ => Activity.Current, Options(new Settings { Capacity = 1 }));
        using var first = new Activity("first").Start();
        var chained = troupe.Submit(input.Future);
        using var second = new Activity("second").Start();
        var queued = troupe.SubmitAsync(2).AsTask();
        using var third = new Activity("third").Start();
        input.TrySetResult(1);
        Assert.That(Within.Time(chained)?.OperationName, Is.EqualTo("first"));
        Assert.That(Within.Time(await Within.Time(queued))?.OperationName, Is.EqualTo("second"));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Activity_OfOneTask_IsNotSeenByTheNext()
    {
        using var listener = Listen("TinyWorker");
        var troupe = new TinyTroupe<int, Activity?>(
            _ =>
            {
                var before = Activity.Current;
                new Activity("left open by the task").Start();
                return before;
            },
            Options());
        using (var activity = new Activity("the submitter's").Start()) Assert.That(Within.Time(troupe.Submit(1)), IsThat(activity));
        Assert.That(Within.Time(troupe.Submit(2)), Is.Null);
        Assert.That(Within.Time(troupe.Submit(3)), Is.Null);
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Activity_ThatFlows_FlowsWithoutTheExecutionContext()
    {
        using var listener = Listen("TinyWorker");
        using var activity = new Activity("the submitter's").Start();
        var local = new AsyncLocal<string?> { Value = "the submitter's" };
        var troupe = new TinyTroupe<int, (string?, Activity?)>(_ => (local.Value, Activity.Current), Options());
        var (seenLocal, seenActivity) = Within.Time(troupe.Submit(1));
        Assert.That(seenLocal, Is.Null);
        Assert.That(seenActivity, IsThat(activity));
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Activity_ThatEndedBeforeItsTaskStarted_IsStillTheParentInTheTask()
    {
        using var listener = Listen("TinyWorker");
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, ActivityTraceId>(
            _ =>
            {
                using var child = new Activity("the task's").Start();
                return child.TraceId;
            },
            Options());
        ActivityTraceId trace;
        TinyFuture<ActivityTraceId> future;
        using (var activity = new Activity("the submitter's").Start())
        {
            trace = activity.TraceId;
            future = troupe.Submit(input.Future);   // the submitter ends its activity first, as the handler of a request does
        }

        input.TrySetResult(1);
        Assert.That(Within.Time(future), Is.EqualTo(trace));
        await End(troupe);
    }

    private static ActivityListener Listen(string name)
    {
        var listener = new ActivityListener { ShouldListenTo = source => source.Name == name };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
