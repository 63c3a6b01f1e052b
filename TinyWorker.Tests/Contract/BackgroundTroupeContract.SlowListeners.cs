using System.Diagnostics;

namespace TinyWorker.Tests.Contract;

// A listener that takes long holds up the worker of its own task at the most.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [NonParallelizable]
    public async Task Listener_ThatTakesLongAtTheEndOfATask_HoldsUpNoOtherWorker()
    {
        using var gate = new ManualResetEventSlim();
        using var told = new ManualResetEventSlim();
        var isFirst = 1;
        using var listener = Listen(stopped: activity =>
        {
            // A worker process has a span of its own.
            if (activity.OperationName != "TinyWorker.Task" || Interlocked.Exchange(ref isFirst, 0) == 0) return;
            told.Set();
            Within.Wait(gate);
        });
        var troupe = new TinyTroupe<int, int>(static x => x, Options(new Settings { Workers = 3 }));
        await Within.Time(troupe.WhenReadyAsync());
        var held = troupe.Submit(0);
        Within.Wait(told, "the listener");
        for (var i = 1; i < 20; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        gate.Set();
        Assert.That(Within.Time(held), Is.Zero);
        await End(troupe);
    }

    [Test]
    [NonParallelizable]
    public async Task Listener_ThatTakesLongAtAnAcceptance_DoesNotHoldUpTheWorkerThatFreedThePlace()
    {
        using var running = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        using var listener = Listen(started: activity =>
        {
            if (activity is { OperationName: "TinyWorker.Task", Parent.OperationName: "the second submitter" }) Within.Wait(gate);
        });
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Pass(running, x) : x, Options(new Settings { Workers = 2, Capacity = 1 }));
        await Within.Time(troupe.WhenReadyAsync());
        TinyFuture<int>[] first = [troupe.Submit(0), troupe.Submit(0)];
        Within.Until(() => troupe.Snapshot() is { Running: 2, Waiting: 0 }, "both workers to be busy");
        var waits = troupe.Submit(1);
        ValueTask<TinyFuture<int>> queued;
        using (new Activity("the second submitter").Start()) queued = troupe.SubmitAsync(2);
        var last = troupe.SubmitAsync(3).AsTask();
        running.Set();
        Assert.That(Within.Time(first[0]) + Within.Time(first[1]) + Within.Time(waits), Is.EqualTo(1));
        Assert.That(Within.Time(await Within.Time(last, "the last submitter")), Is.EqualTo(3), "the other worker goes on");
        gate.Set();
        Assert.That(Within.Time(await Within.Time(queued.AsTask(), "the second submitter")), Is.EqualTo(2));
        await End(troupe);
    }

    private static ActivityListener Listen(Action<Activity>? started = null, Action<Activity>? stopped = null)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "TinyWorker",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
            ActivityStarted = started,
            ActivityStopped = stopped,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
