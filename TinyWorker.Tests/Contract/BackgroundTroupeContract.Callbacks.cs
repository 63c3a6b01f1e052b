namespace TinyWorker.Tests.Contract;

// Where the user's callbacks run: never on a worker's, a submitter's, a canceller's or a clock's thread, and never under a lock.
public abstract partial class BackgroundTroupeContract
{
    public enum Stop
    {
        Cancel,
        Abort,
        Timeout,
    }

    [Test]
    [SharesMemory("the logger: what a worker elsewhere has for it comes with its next outcome")]
    public async Task TokenCallback_ThatThrows_DisturbsNobodyAndIsLogged([Values] Stop stop)
    {
        var thrown = new FormatException("a token callback's");
        var clock = new ManualClock();
        using var loggers = new RecordingLoggers();
        var settings = new Settings { Loggers = loggers, Clock = clock, TaskTimeout = TimeSpan.FromSeconds(10), Grace = TimeSpan.FromSeconds(5) };
        using var registered = new ManualResetEventSlim();
        var secondCalled = 0;
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x != 0) return x;
                token.Register(() => secondCalled++);
                token.Register(() => throw thrown);
                registered.Set();
                return UntilCancelled(token);
            },
            Options(settings));
        var future = troupe.Submit(0);
        Within.Wait(registered, "the start");
        Assert.That(() => Ask(troupe, future, clock, stop), Throws.Nothing);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(stop == Stop.Timeout ? TinyFutureStatus.Faulted : TinyFutureStatus.Canceled));
        Within.Until(() => loggers.Exceptions.Any(logged => logged.GetBaseException() == thrown), "the log");
        if (stop != Stop.Abort) Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(secondCalled, Is.EqualTo(1), "the others are called all the same");
        Assert.That(troupe.Snapshot().Abandoned, Is.Zero);
    }

    [Test]
    public async Task TokenCallback_OfATaskThatIsAskedToStop_RunsOnThePoolUnderNoLock([Values] Stop stop)
    {
        var clock = new ManualClock();
        var settings = new Settings { Clock = clock, TaskTimeout = TimeSpan.FromSeconds(10), Grace = Timeout.InfiniteTimeSpan };
        TinyTroupe<int, int>? troupe = null;
        TinyFuture<int>? future = null;
        Thread? worker = null, asker = null;
        var workerIsOfThePool = false;
        using var registered = new ManualResetEventSlim();
        var callback = new TaskCompletionSource<(Thread Thread, bool IsOfThePool)>();
        troupe = new TinyTroupe<int, int>(
            (_, token) =>
            {
                (worker, workerIsOfThePool) = (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
                token.Register(() =>
                {
                    try
                    {
                        var here = (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
                        TouchEverything(troupe!, future!);
                        callback.SetResult(here);
                    }
                    catch (Exception e)
                    {
                        callback.SetException(e);
                    }
                });
                registered.Set();
                return UntilCancelled(token);
            },
            Options(settings));
        future = troupe.Submit(0);
        Within.Wait(registered, "the start");
        Within.Time(() =>
        {
            asker = Thread.CurrentThread;
            Ask(troupe, future, clock, stop);
        });
        var (thread, isOfThePool) = await Within.Time(callback.Task);
        Assert.That(isOfThePool, Is.True);
        Assert.That(thread, Is.Not.SameAs(asker));
        if (!workerIsOfThePool) Assert.That(thread, Is.Not.SameAs(worker));
        WaitForEnd(future);
        await End(troupe);
    }

    [TestCase("success")]
    [TestCase("cancelled while it waits")]
    [TestCase("given up")]
    public async Task Callback_OfAFutureHoweverItEnds_RunsOnThePoolUnderNoLock(string end)
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        Thread? worker = null, ender = null;
        var workerIsOfThePool = false;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                (worker, workerIsOfThePool) = (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
                return x == 0 ? Begin(begun, gate, x) : x;
            },
            Options(new Settings { Clock = clock, Grace = TimeSpan.FromSeconds(5) }));
        var future = troupe.Submit(0);
        Within.Wait(begun, "the start");
        if (end == "cancelled while it waits") future = troupe.Submit(2);
        var callback = new TaskCompletionSource<(Thread Thread, bool IsOfThePool)>();
        future.OnCompleted(ended =>
        {
            try
            {
                var here = (Thread.CurrentThread, Thread.CurrentThread.IsThreadPoolThread);
                TouchEverything(troupe, ended);
                callback.SetResult(here);
            }
            catch (Exception e)
            {
                callback.SetException(e);
            }
        });
        Within.Time(() =>
        {
            ender = Thread.CurrentThread;
            if (end == "success") gate.Set();
            else future.Cancel();
            if (end == "given up") clock.Advance(TimeSpan.FromSeconds(5));
        });
        var (thread, isOfThePool) = await Within.Time(callback.Task);
        Assert.That(isOfThePool, Is.True);
        Assert.That(thread, Is.Not.SameAs(ender));
        if (!workerIsOfThePool) Assert.That(thread, Is.Not.SameAs(worker));
        gate.Set();
        await End(troupe);
    }

    private static void Ask(TinyTroupe<int, int> troupe, TinyFuture<int> future, ManualClock clock, Stop stop)
    {
        if (stop == Stop.Cancel) future.Cancel();
        else if (stop == Stop.Abort) troupe.Abort();
        else clock.Advance(TimeSpan.FromSeconds(10));
    }

    // Whoever holds a lock of the troupe's or the future's while it calls back keeps another thread from this.
    private static void TouchEverything(TinyTroupe<int, int> troupe, TinyFuture<int> future) => Within.Time(
        () =>
        {
            _ = troupe.Snapshot();
            _ = troupe.ToString();
            future.OnCompleted(_ => { });
            future.Cancel();
            try
            {
                _ = troupe.TrySubmit(1, out var other);
                other?.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Aborted: that, too, needs the gate.
            }
        },
        "another thread's use of the troupe");
}
