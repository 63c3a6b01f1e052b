namespace TinyWorker.Tests.Contract;

// What a task may still do after it was cancelled or its timeout has passed.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Cancel_OfATaskThatStillReturns_KeepsItsResult()
    {
        using var begun = new ManualResetEventSlim();   // a status of Running may come before a worker process has received the task
        var troupe = new TinyTroupe<int, int>(
            (x, token) => AfterCancellation(begun, () => x + 1, token), Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(3);
        Within.Wait(begun, "the start");
        Assert.That(future.Cancel(), Is.True);
        Assert.That(Within.Time(future), Is.EqualTo(4));
        await End(troupe);
    }

    [Test]
    public async Task Recall_CancelsWhatWaitsAndLeavesWhatRunsAlone()
    {
        using var gate = new ManualResetEventSlim();
        var wasAsked = false;
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                Pass(gate, x);
                wasAsked = token.IsCancellationRequested;
                return x;
            },
            Options(new Settings()));
        var running = troupe.Submit(1);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        var waiting = troupe.Submit(2);

        Assert.That((running.Recall(), waiting.Recall()), Is.EqualTo((false, true)));
        WaitForEnd(waiting);
        gate.Set();
        WaitForEnd(running);

        Assert.That((running.Status, running.WasRecalled, wasAsked), Is.EqualTo((TinyFutureStatus.Succeeded, false, false)));
        Assert.That((waiting.Status, waiting.WasRecalled, waiting.Recall()), Is.EqualTo((TinyFutureStatus.Canceled, true, false)));
        await End(troupe);
    }

    [Test]
    public async Task Token_OfASubmissionIntoRoom_EndsTheWaitForRoomAndLeavesTheTaskAlone()
    {
        using var gate = new ManualResetEventSlim();
        using var cancel = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Capacity = 1 }));
        var running = troupe.Submit(1);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        var accepted = await Within.Time(troupe.SubmitIntoRoomAsync(2, default, cancel.Token).AsTask());
        var waiting = troupe.SubmitIntoRoomAsync(3, default, cancel.Token).AsTask();

        await cancel.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(() => Within.Time(waiting));
        gate.Set();
        WaitForEnd(accepted);

        Assert.That(accepted.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
        await End(troupe);
    }

    [Test]
    public async Task Cancel_OfATaskThatThrowsSomethingElse_FaultsItWithThat()
    {
        using var begun = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            (x, token) => AfterCancellation(begun, () => throw new FormatException("something else"), token),
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(3);
        Within.Wait(begun, "the start");
        Assert.That(future.Cancel(), Is.True);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<FormatException>().With.Message.EqualTo("something else"));
        await End(troupe);
    }

    [Test]
    public async Task TaskTimeout_OfATaskThatStillReturns_FaultsItWithTimeoutException()
    {
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var settings = new Settings { TaskTimeout = TimeSpan.FromSeconds(10), Grace = Timeout.InfiniteTimeSpan, Clock = clock };
        var troupe = new TinyTroupe<int, int>((x, token) => AfterCancellation(begun, () => x, token), Options(settings));
        var future = troupe.Submit(3);
        Within.Until(() => begun.IsSet && clock.Armed > 0, "the start");
        clock.Advance(TimeSpan.FromSeconds(10));
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        await End(troupe);
    }

    private static int AfterCancellation(ManualResetEventSlim begun, Func<int> outcome, CancellationToken token)
    {
        begun.Set();
        if (!token.WaitHandle.WaitOne(Within.Deadline)) throw new AssertionException("the token never fired");
        return outcome();
    }
}
