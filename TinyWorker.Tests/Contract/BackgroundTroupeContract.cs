namespace TinyWorker.Tests.Contract;

/// <summary>What needs a worker that runs at the same time as the submitter, such as a task that waits at a gate.</summary>
public abstract partial class BackgroundTroupeContract : TroupeContract
{
    [Test]
    public async Task TrySubmit_WithBusyWorkers_AcceptsExactlyTheCapacity()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options(new Settings { Workers = 2, Capacity = 3 }));
        _ = troupe.Submit(0);
        _ = troupe.Submit(0);
        Within.Until(() => troupe.Snapshot() is { Running: 2, Waiting: 0 }, "both workers to be busy");
        var accepted = 0;
        while (troupe.TrySubmit(1, out _)) accepted++;
        Assert.That(accepted, Is.EqualTo(3));
        gate.Set();
        await End(troupe);
    }

    [Test]
    public async Task Cancel_WhileQueued_NeverRunsTheTask()
    {
        using var gate = new ManualResetEventSlim();
        var ran = new List<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Add(x);
                return Pass(gate, x);
            },
            Options());
        _ = troupe.Submit(0);
        var queued = troupe.Submit(1);
        _ = troupe.Submit(2);
        Within.Until(() => troupe.Snapshot().Running == 1, "the first to start");
        Assert.That(queued.Cancel(), Is.True);
        Assert.That(queued.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        gate.Set();
        await End(troupe);
        Assert.That(ran, Is.EqualTo(new[] { 0, 2 }));
    }

    [Test]
    public async Task Cancel_WhileRunning_FiresTheTokenAndEndsCanceled()
    {
        var troupe = new TinyTroupe<int, int>(
            (x, token) => x == 0 ? UntilCancelled(token) : x, Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(0);
        Within.Until(() => future.Status == TinyFutureStatus.Running, "the start");
        Assert.That(future.Cancel(), Is.True);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.Zero);
        await End(troupe);
    }

    [Test]
    public async Task Token_OfASubmitFiredWhileRunning_StopsTheTask()
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>((_, token) => UntilCancelled(token), Options());
        var future = troupe.Submit(0, cancellation.Token);
        Within.Until(() => future.Status == TinyFutureStatus.Running, "the start");
        await cancellation.CancelAsync();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
    }

    [Test]
    public async Task Cancel_OfATaskThatIgnoresIt_ReplacesTheWorkerAfterTheGrace()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();   // a status of Running may come before a worker process has received the task
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x == 0 ? Begin(begun, hung, x) : x, Options(new Settings { Grace = TimeSpan.FromSeconds(5), Clock = clock }));
        var future = troupe.Submit(0);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running, "the start");
        future.Cancel();
        Within.Until(() => clock.Armed > 0, "the grace to begin");
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Running));
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: true);
        await End(troupe);
        hung.Set();
    }

    [Test]
    public async Task TaskTimeout_Passed_FaultsTheTaskWithTimeoutException()
    {
        var clock = new ManualClock();
        var settings = new Settings { TaskTimeout = TimeSpan.FromSeconds(10), Clock = clock };
        var troupe = new TinyTroupe<int, int>((x, token) => x == 0 ? UntilCancelled(token) : x, Options(settings));
        var future = troupe.Submit(0);
        Within.Until(() => future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Running));
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task TaskTimeout_OfATaskThatIgnoresIt_FaultsItAndReplacesTheWorker()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();   // a status of Running may come before a worker process has received the task
        var clock = new ManualClock();
        var settings = new Settings { TaskTimeout = TimeSpan.FromSeconds(10), Grace = TimeSpan.FromSeconds(5), Clock = clock };
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Begin(begun, hung, x) : x, Options(settings));
        var future = troupe.Submit(0);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(5));
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        hung.Set();
    }

    [Test]
    public async Task Abort_OfABusyTroupe_CancelsRunningAndWaitingTasks()
    {
        var troupe = new TinyTroupe<int, int>((_, token) => UntilCancelled(token), Options());
        var running = troupe.Submit(0);
        var waiting = troupe.Submit(1);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        troupe.Abort();
        await End(troupe);
        Assert.That((running.Status, waiting.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
    }

    [Test]
    public async Task Result_WithATimeout_EndsOnlyTheWait()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(gate, x), Options());
        var future = troupe.Submit(3);
        Assert.That(() => future.Result(TimeSpan.FromMilliseconds(1)), Throws.TypeOf<TimeoutException>());
        Assert.That(() => future.Result(new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
        gate.Set();
        Assert.That(Within.Time(future), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Constructor_WithASlowFactory_DoesNotWaitForIt()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(_ => new FunctionWorker(x => Pass(gate, x), () => Pass(gate, 0)), Options());
        var slow = new TinyTroupe<int, int>(
            _ =>
            {
                Pass(gate, 0);
                return new FunctionWorker(x => x);
            },
            Options(new Settings { Workers = 2 }));
        Assert.That(slow.WhenReadyAsync().IsCompleted, Is.False);
        var future = slow.Submit(1);
        gate.Set();
        Assert.That(Within.Time(future), Is.EqualTo(1));
        await End(slow);
        await End(troupe);
    }

    [Test]
    public async Task StopAsync_WhoseTokenFiresWhileATaskRuns_CancelsItAndEnds()
    {
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>((_, token) => UntilCancelled(token), Options());
        var running = troupe.Submit(0);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        var stopping = troupe.StopAsync(cancellation.Token);
        await cancellation.CancelAsync();
        await Within.Time(stopping);
        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Await_OfARunningTask_NeverContinuesOnAWorkersThread()
    {
        using var gate = new ManualResetEventSlim();
        Thread? worker = null;
        var workerIsOfThePool = false;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                worker = Thread.CurrentThread;
                workerIsOfThePool = worker.IsThreadPoolThread;
                return Pass(gate, x);
            },
            Options());
        var future = troupe.Submit(0);
        var after = AwaitIt();
        gate.Set();
        var (thread, isOfThePool) = await Within.Time(after);
        Assert.That(isOfThePool, Is.True);
        if (!workerIsOfThePool) Assert.That(thread, Is.Not.SameAs(worker));
        await End(troupe);

        async Task<(Thread Thread, bool IsOfThePool)> AwaitIt()
        {
            await future.ConfigureAwait(false);
            return (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
        }
    }

    /// <summary>Checks that a worker that did not stop was abandoned, or killed where the back-end can kill it.</summary>
    protected virtual void AssertLostOneWorker(TroupeSnapshot now, bool isReplaced)
    {
        ArgumentNullException.ThrowIfNull(now);
        Assert.That((now.Abandoned, now.Workers[0].Restarts), Is.EqualTo((1, isReplaced ? 1 : 0)));
    }

    protected static int Begin(ManualResetEventSlim begun, ManualResetEventSlim gate, int value)
    {
        begun.Set();
        return Pass(gate, value);
    }

    protected static int Pass(ManualResetEventSlim gate, int value)
    {
        Within.Wait(gate);
        return value;
    }

    protected static int UntilCancelled(CancellationToken token)
    {
        if (!token.WaitHandle.WaitOne(Within.Deadline)) throw new AssertionException("the token never fired");
        token.ThrowIfCancellationRequested();
        return -1;
    }
}
