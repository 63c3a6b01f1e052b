namespace TinyWorker.Tests.Contract;

// How tasks end that return or throw after they were cancelled or timed out.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Task_ThatReturnsAfterItsTimeout_StillFaults()
    {
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Fired(token);
                return x;
            },
            Options(new Settings { TaskTimeout = TimeSpan.FromMilliseconds(50), Grace = Timeout.InfiniteTimeSpan }));
        var future = Submitted(troupe);
        Assert.That(() => Within.Time(future), Throws.TypeOf<TimeoutException>().With.InnerException.Null);
        await End(troupe);
        Assert.That((troupe.Snapshot().Faulted, troupe.Snapshot().Abandoned), Is.EqualTo((1L, 0)));
    }

    [Test]
    public async Task Task_ThatThrowsAfterItsTimeout_FaultsWithATimeoutThatTellsWhy()
    {
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Fired(token);
                throw new FormatException("late");
            },
            Options(new Settings { TaskTimeout = TimeSpan.FromMilliseconds(50), Grace = Timeout.InfiniteTimeSpan }));
        var future = Submitted(troupe);
        Assert.That(() => Within.Time(future), Throws.TypeOf<TimeoutException>().With.InnerException.TypeOf<FormatException>());
        await End(troupe);
    }

    [Test]
    [SharesMemory("the event that is set at its start")]
    public async Task Task_ThatReturnsAfterItWasCancelled_Succeeds()
    {
        using var cancellation = new CancellationTokenSource();
        using var started = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                started.Set();
                await Fired(token);
                return x;
            },
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        TinyFuture<int>? future = null;
        var submitting = Task.Factory.StartNew(
            () => future = troupe.Submit(7, cancellation.Token),
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Within.Wait(started, "the start");
        await cancellation.CancelAsync();
        await Within.Time(submitting);
        Assert.That(Within.Time(future!), Is.EqualTo(7));
        await End(troupe);
    }

    [Test]
    public async Task AsynchronousFunction_ThatReturnsNoTask_HasADefaultResult()
    {
        var troupe = new TinyTroupe<int, int>(x => x < 0 ? null! : Task.FromResult(x), Options());
        var none = troupe.Submit(-1);
        Assert.That(Within.Time(none), Is.Zero);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
    }

    private static Task Fired(CancellationToken token) => Task.Delay(Timeout.InfiniteTimeSpan, token)
        .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);

    // Inline, Submit takes as long as the task.
    private static TinyFuture<int> Submitted(TinyTroupe<int, int> troupe)
    {
        TinyFuture<int>? future = null;
        Within.Time(() => future = troupe.Submit(1), "the submission");
        return future!;
    }
}
