using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// A task that is run again, and a worker that is spoiled.
public abstract partial class TroupeContract
{
    [TestCase(1, 0, 1)]
    [TestCase(3, 0, 1)]
    [TestCase(3, 2, 3)]
    [TestCase(3, 5, 3)]
    public async Task RetryWhen_OfATaskThatFails_RunsItAgainAsOftenAsItMay(int maxAttempts, int failures, int expectedRuns)
    {
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x => Interlocked.Increment(ref runs) <= failures ? throw new FormatException("once more") : x,
            Options(new Settings { MaxAttempts = maxAttempts, RetryWhen = static e => e is FormatException }));
        var future = troupe.Submit(7);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(failures >= maxAttempts ? TinyFutureStatus.Faulted : TinyFutureStatus.Succeeded));
        await End(troupe);
        Assert.That(runs, Is.EqualTo(expectedRuns));
        var end = troupe.Snapshot();
        Assert.That((end.Accepted, end.Waiting, end.Running, end.Succeeded + end.Faulted), Is.EqualTo((1L, 0, 0, 1L)));
    }

    [Test]
    public async Task RetryWhen_ThatSaysNoOrThrows_LeavesTheTasksOwnError([Values] bool throws)
    {
        using var loggers = new FakeLoggers();
        var runs = 0;
        var thrown = new FormatException();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                throw thrown;
            },
            Options(new Settings
            {
                MaxAttempts = 3, Loggers = loggers, RetryWhen = _ => throws ? throw new NotSupportedException("the predicate") : false,
            }));
        var future = troupe.Submit(7);
        WaitForEnd(future);
        Assert.That(future.Exception, IsThat(thrown));
        await End(troupe);
        Assert.That(runs, Is.EqualTo(1));
        Assert.That(loggers.Exceptions.OfType<NotSupportedException>().Count(), Is.EqualTo(throws ? 1 : 0));
    }

    [Test]
    public async Task RetryDelay_HoldsNoWorkerAndEndsWithATaskThatIsCancelled()
    {
        var clock = new ManualClock();
        var order = new ConcurrentQueue<int>();
        var fails = true;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x < 2 && Volatile.Read(ref fails) ? throw new FormatException() : x;
            },
            Options(new Settings
            {
                MaxAttempts = 2, RetryWhen = static e => e is FormatException, RetryDelay = TimeSpan.FromSeconds(10), Clock = clock,
            }));
        TinyFuture<int>[] futures = [troupe.Submit(0), troupe.Submit(1)];
        Within.Until(() => clock.Armed == 2, "both to pause");
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2), "the worker is free");
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").EqualTo(2).And.Property("Running").Zero);
        Assert.That(futures[1].Status, Is.EqualTo(TinyFutureStatus.Pending));
        Assert.That(futures[1].Cancel(), Is.True);
        Within.Until(() => clock.Armed == 1, "its timer to go");
        Volatile.Write(ref fails, false);
        clock.Advance(TimeSpan.FromSeconds(15));
        Assert.That(Within.Time(futures[0]), Is.Zero);
        await End(troupe);
        Assert.That(order, Is.EqualTo(new[] { 0, 1, 2, 0 }));
        Assert.That(futures[1].Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    [Test]
    public async Task Drain_WithATaskThatIsToRunAgain_WaitsForIt()
    {
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x => Interlocked.Increment(ref runs) < 3 ? throw new FormatException() : x,
            Options(new Settings
            {
                MaxAttempts = 5, RetryWhen = static _ => true, RetryDelay = TimeSpan.FromMilliseconds(20),
            }));
        var future = troupe.Submit(3);
        await End(troupe);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
    }

    [Test]
    public async Task Abort_WithATaskThatPausesBeforeItRunsAgain_CancelsIt()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            static _ => throw new FormatException(),
            Options(new Settings { MaxAttempts = 5, RetryWhen = static _ => true, RetryDelay = TimeSpan.FromSeconds(1), Clock = clock }));
        var future = troupe.Submit(3);
        Within.Until(() => clock.Armed > 0, "the pause");
        troupe.Abort();
        await End(troupe);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(clock.Armed, Is.Zero);
    }

    [Test]
    public async Task ReplaceWorkerWhen_WithRetryWhen_RunsTheTaskOnAFreshWorker()
    {
        var made = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                var number = Interlocked.Increment(ref made);
                return new FunctionWorker(
                    x => number == 1 ? throw new FormatException("the connection is lost") : (10 * number) + x,
                    () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { MaxAttempts = 2, RetryWhen = static e => e is FormatException, ReplaceWorkerWhen = static _ => true }));
        var future = troupe.Submit(3);
        WaitForEnd(future);
        Assert.That(future.Result(), Is.EqualTo(23));
        await End(troupe);
        Assert.That((made, disposed), Is.EqualTo((2, 2)));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.EqualTo(1));
    }

    [Test]
    public async Task TaskTimeout_IsForEachAttempt()
    {
        var clock = new ManualClock();
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                clock.Advance(TimeSpan.FromSeconds(4));
                return Interlocked.Increment(ref runs) < 5 ? throw new FormatException() : x;
            },
            Options(new Settings
            {
                MaxAttempts = 5, RetryWhen = static _ => true, TaskTimeout = TimeSpan.FromSeconds(10), Clock = clock,
            }));
        var future = troupe.Submit(3);
        WaitForEnd(future);
        Assert.That(future.Result(), Is.EqualTo(3), "20 seconds in all");
        await End(troupe);
    }
}
