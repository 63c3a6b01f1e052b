using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// Where callbacks of the user run: never on the thread of a worker, a submitter, a canceller or a clock, and never under a lock.
public abstract partial class BackgroundTroupeContract
{
    public enum Stop
    {
        Cancel,
        Abort,
        Timeout,
    }

    [Test]
    [SharesMemory("the logger: a worker process sends its messages with the next outcome")]
    public async Task TokenCallback_ThatThrows_DisturbsNobodyAndIsLogged([Values] Stop stop)
    {
        var thrown = new FormatException("of a token callback");
        var clock = new FakeTimeProvider();
        using var loggers = new FakeLoggers();
        var settings = new Settings
        {
            Loggers = loggers,
            Clock = clock,
            TaskTimeout = TimeSpan.FromSeconds(10),
            Grace = TimeSpan.FromSeconds(5),
        };
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
        Assert.That(() => RequestStop(troupe, future, clock, stop), Throws.Nothing);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(stop == Stop.Timeout ? TinyFutureStatus.Faulted : TinyFutureStatus.Canceled));
        Within.Until(() => loggers.Exceptions.Any(logged => logged.GetBaseException() == thrown), "the log");
        if (stop != Stop.Abort) Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(secondCalled, Is.EqualTo(1), "the other callbacks are still called");
        Assert.That(troupe.Snapshot().Abandoned, Is.Zero);
    }

    [Test]
    public async Task TokenCallback_OfATaskThatIsAskedToStop_RunsOnThePoolUnderNoLock([Values] Stop stop)
    {
        var clock = new FakeTimeProvider();
        var settings = new Settings { Clock = clock, TaskTimeout = TimeSpan.FromSeconds(10), Grace = Timeout.InfiniteTimeSpan };
        TinyTroupe<int, int>? troupe = null;
        TinyFuture<int>? future = null;
        Thread? worker = null, requester = null;
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
                        UseEverything(troupe!, future!);
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
            requester = Thread.CurrentThread;
            RequestStop(troupe, future, clock, stop);
        });
        var (thread, isOfThePool) = await Within.Time(callback.Task);
        Assert.That(isOfThePool, Is.True);
        Assert.That(thread, Is.Not.SameAs(requester));
        if (!workerIsOfThePool) Assert.That(thread, Is.Not.SameAs(worker));
        WaitForEnd(future);
        await End(troupe);
    }

    [TestCase("success")]
    [TestCase("cancelled while it waits")]
    [TestCase("abandoned")]
    public async Task Callback_OfAFutureHoweverItEnds_RunsOnThePoolUnderNoLock(string end)
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
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
                UseEverything(troupe, ended);
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
            if (end == "abandoned") clock.Advance(TimeSpan.FromSeconds(5));
        });
        var (thread, isOfThePool) = await Within.Time(callback.Task);
        Assert.That(isOfThePool, Is.True);
        Assert.That(thread, Is.Not.SameAs(ender));
        if (!workerIsOfThePool) Assert.That(thread, Is.Not.SameAs(worker));
        gate.Set();
        await End(troupe);
    }

    private static void RequestStop(TinyTroupe<int, int> troupe, TinyFuture<int> future, FakeTimeProvider clock, Stop stop)
    {
        if (stop == Stop.Cancel) future.Cancel();
        else if (stop == Stop.Abort) troupe.Abort();
        else clock.Advance(TimeSpan.FromSeconds(10));
    }

    // Fails if the library holds a lock of the troupe or of the future while it calls back: another thread takes these locks here.
    private static void UseEverything(TinyTroupe<int, int> troupe, TinyFuture<int> future) => Within.Time(
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
                // The troupe is aborted. Finding that out needs the lock of the gate, too.
            }
        },
        "the use of the troupe by another thread");
}
