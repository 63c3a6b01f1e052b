using System.Collections.Concurrent;
using NUnit.Framework.Constraints;

namespace TinyWorker.Tests.Contract;

// The deadline of one task, wherever the task is when it passes. Here it waits; BackgroundTroupeContract.Deadlines.cs has what runs at the
// same time as the submitter.
public abstract partial class TroupeContract
{
    protected static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    protected static readonly SubmitOptions Until10 = new() { Deadline = 10 * Second };

    [Test]
    public async Task Deadline_OfATaskThatWaitsForItsInput_FaultsItAndFreesItsPlaceAtOnce([Values] bool byTask)
    {
        var clock = new ManualClock();
        var input = new TaskCompletionSource<int>();
        var ran = new ConcurrentQueue<int>();
        var troupe = Recording(ran, new Settings { Name = "parsers", Capacity = 1, Clock = clock });
        var late = byTask
            ? troupe.Submit(input.Task, Until10)
            : troupe.Submit(TinyFuture.FromTask(input.Task), Until10);
        clock.Advance(9 * Second);
        Assert.That(late.Status, Is.EqualTo(TinyFutureStatus.Pending));
        Assert.That(troupe.TrySubmit(1, out _), Is.False, "the only place is taken");
        clock.Advance(Second);
        AssertPassed(late, "'parsers'", "00:00:10", "waited for its input");
        Assert.That(troupe.TrySubmit(2, out var next), Is.True, "its place is free");
        Assert.That(Within.Time(next!), Is.EqualTo(2));
        input.SetResult(3);
        AssertCounts(troupe, accepted: 2, faulted: 1);
        await End(troupe);
        Assert.That(ran, Is.EqualTo([2]));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfATaskWhoseInputComesInTime_IsOverWithTheTask()
    {
        var clock = new ManualClock();
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(input.Future, Until10);
        Assert.That(clock.Armed, Is.EqualTo(1));
        input.TrySetResult(3);
        Assert.That(Within.Time(future), Is.EqualTo(4));
        Within.Until(() => clock.Timers == 0, "the timer to go");
        clock.Advance(20 * Second);
        Assert.That(future.Result(), Is.EqualTo(4));
        await End(troupe);
    }

    [Test]
    public async Task Deadline_OfASubmitThatBlocksForRoom_ReturnsAFutureThatHasFaulted()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = "full", Capacity = 1, Clock = clock }));
        var holder = troupe.Submit(Never());
        TinyFuture<int>? late = null;
        var submitting = Blocked(() => late = troupe.Submit(1, Until10));
        TinyFuture<int>? behind = null;
        var submittingBehind = Blocked(() => behind = troupe.Submit(2));
        clock.Advance(9 * Second);
        Assert.That(submitting.IsCompleted, Is.False);
        clock.Advance(Second);
        await Within.Time(submitting, "the submitter");
        AssertPassed(late!, "'full'", "00:00:10", "waited for room");
        AssertCounts(troupe, accepted: 2, faulted: 1, waiting: 1);
        Assert.That(submittingBehind.IsCompleted, Is.False, "the bound stays");
        holder.Cancel();
        await Within.Time(submittingBehind, "the next submitter");
        Assert.That(Within.Time(behind!), Is.EqualTo(2));
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfASubmissionThatWaitsForRoom_EndsTheWait(
        [Values("SubmitAsync", "CallAsync", "a future", "a task")] string how)
    {
        var clock = new ManualClock();
        var ran = new ConcurrentQueue<int>();
        var troupe = Recording(ran, new Settings { Capacity = 1, Clock = clock });
        var holder = troupe.Submit(Never());
        var calling = how switch
        {
            "CallAsync" => troupe.CallAsync(1, Until10).AsTask(),
            "SubmitAsync" => Awaited(troupe.SubmitAsync(1, Until10)),
            "a future" => Awaited(troupe.SubmitAsync(Never(), Until10)),
            _ => Awaited(troupe.SubmitAsync(Task.FromResult(1), Until10)),
        };
        Assert.That(calling.IsCompleted, Is.False);
        clock.Advance(10 * Second);
        var fault = await Assert.CatchAsync<TimeoutException>(() => Within.Time(calling, "the call"));
        Assert.That(fault!.Message, Does.Contain("waited for room"));
        AssertCounts(troupe, accepted: 2, faulted: 1, waiting: 1);
        holder.Cancel();
        await End(troupe);
        Assert.That((ran.Count, clock.Timers), Is.EqualTo((0, 0)));

        static async Task<int> Awaited(ValueTask<TinyFuture<int>> submitting) => await await submitting;
    }

    [Test]
    public async Task Deadline_OfASubmissionThatIsCancelledOrRefusedAtTheGate_LeavesNoTimer(
        [Values] bool isAsync, [Values] bool isCancelled)
    {
        var clock = new ManualClock();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1, Clock = clock }));
        var holder = troupe.Submit(Never());
        var submitting = isAsync
            ? troupe.SubmitAsync(1, Until10, cancellation.Token).AsTask()
            : Blocked(() => troupe.Submit(1, Until10, cancellation.Token));
        Assert.That((submitting.IsCompleted, clock.Armed), Is.EqualTo((false, 1)));
        if (isCancelled)
        {
            await cancellation.CancelAsync();
            await Assert.CatchAsync<OperationCanceledException>(() => Within.Time(submitting, "the submitter"));
        }
        else
        {
            troupe.Abort();
            await Assert.CatchAsync<ObjectDisposedException>(() => Within.Time(submitting, "the submitter"));
        }

        if (isCancelled) Assert.That(clock.Timers, Is.Zero);   // after an abort the workers have timers of their own
        holder.Cancel();
        await End(troupe);   // no time passes: after an abort, workers that have not left yet would be abandoned, with their timers
        AssertCounts(troupe, accepted: 1, faulted: 0);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfATaskThatWaitedForRoomAndThenForItsInput_GoesOn()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1, Clock = clock }));
        var holder = troupe.Submit(Never());
        TinyFuture<int>? late = null;
        var submitting = Blocked(() => late = troupe.Submit(Never(), Until10));
        clock.Advance(6 * Second);
        holder.Cancel();
        await Within.Time(submitting, "the submitter");
        clock.Advance(3 * Second);
        Assert.That(late!.Status, Is.EqualTo(TinyFutureStatus.Pending));
        clock.Advance(Second);
        AssertPassed(late, "waited for its input");
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task TrySubmit_WithADeadline_AcceptsOrRefusesAsWithout()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1, Clock = clock }));
        Assert.That(troupe.TrySubmit(3, Until10, out var done), Is.True);
        Assert.That(Within.Time(done!), Is.EqualTo(3));
        var holder = troupe.Submit(Never());
        Assert.That(troupe.TrySubmit(4, Until10, out var refused), Is.False);
        Assert.That(refused, Is.Null);
        Within.Until(() => clock.Timers == 0, "the timers to go");
        holder.Cancel();
        await End(troupe);
    }

    [Test]
    public async Task Deadline_OfATaskThatEndsBefore_LeavesNoTimer(
        [Values("succeeds", "faults", "is cancelled", "loses its input")] string how)
    {
        var clock = new ManualClock();
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x => x < 0 ? throw new FormatException() : x, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(input.Future, Until10);
        if (how == "succeeds") input.TrySetResult(1);
        if (how == "faults") input.TrySetResult(-1);
        if (how == "is cancelled") Assert.That(future.Cancel(), Is.True);
        if (how == "loses its input") input.TrySetException(new NotSupportedException());
        WaitForEnd(future);
        Within.Until(() => clock.Timers == 0, "the timer to go");
        var status = future.Status;
        clock.Advance(20 * Second);
        Assert.That(future.Status, Is.EqualTo(status).And.EqualTo(how switch
        {
            "succeeds" => TinyFutureStatus.Succeeded,
            "is cancelled" => TinyFutureStatus.Canceled,
            _ => TinyFutureStatus.Faulted,
        }));
        Assert.That(future.Exception, Is.Not.TypeOf<TimeoutException>());
        await End(troupe);
    }

    [Test]
    public async Task Cancel_AfterTheDeadline_IsTooLate()
    {
        var clock = new ManualClock();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(Never(), Until10, cancellation.Token);
        clock.Advance(10 * Second);
        Assert.That(future.Cancel(), Is.False);
        await cancellation.CancelAsync();
        AssertPassed(future, "waited for its input");
        await End(troupe);
    }

    [Test]
    public async Task Deadline_InThePauseBeforeAnotherAttempt_EndsTheTask()
    {
        var clock = new ManualClock();
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                throw new FormatException();
            },
            Options(new Settings { MaxAttempts = 3, RetryWhen = static _ => true, RetryDelay = 30 * Second, Clock = clock }));
        var future = troupe.Submit(1, Until10);
        Within.Until(() => clock.Armed == 2, "the pause");
        clock.Advance(10 * Second);
        AssertPassed(future, "between two attempts");
        Within.Until(() => clock.Timers == 0, "the timers to go");
        clock.Advance(100 * Second);
        await End(troupe);
        Assert.That(runs, Is.EqualTo(1));
        AssertCounts(troupe, accepted: 1, faulted: 1);
    }

    [Test]
    public async Task Deadline_IsForAllAttempts()
    {
        var clock = new ManualClock();
        var runs = 0;
        var thrown = new FormatException("in the attempt at the deadline");
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                Interlocked.Increment(ref runs);
                clock.Advance(4 * Second);
                if (runs == 3) await Fired(token);
                throw thrown;
            },
            Options(new Settings { MaxAttempts = 5, RetryWhen = static _ => true, Clock = clock, Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(1, Until10);
        AssertPassed(future, "was running");
        Assert.That(future.Exception!.InnerException, IsThat(thrown));
        await End(troupe);
        Assert.That(runs, Is.EqualTo(3));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Task_ThatFailsAfterItsDeadlineWhileTheTimerIsLate_IsNotTriedAgain()
    {
        var clock = new ManualClock();
        var runs = 0;
        var thrown = new FormatException("late");
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                clock.AdvanceWithLateTimers(10 * Second);
                throw thrown;
            },
            Options(new Settings { MaxAttempts = 5, RetryWhen = static _ => true, Clock = clock }));
        var future = troupe.Submit(1, Until10);
        WaitForEnd(future);
        Assert.That(future.Exception, IsThat(thrown));
        await End(troupe);
        Assert.That(runs, Is.EqualTo(1));
    }

    [Test]
    public async Task Task_WhoseDeadlineHasPassedWhileTheTimerIsLate_NeverStarts()
    {
        var clock = new ManualClock();
        var input = new TinyFutureSource<int>();
        var ran = new ConcurrentQueue<int>();
        var troupe = Recording(ran, new Settings { Clock = clock });
        var late = troupe.Submit(input.Future, Until10);
        clock.AdvanceWithLateTimers(10 * Second);
        input.TrySetResult(1);
        AssertPassed(late, "waited for a worker");
        Assert.That(Within.Time(troupe.Submit(2, Until10)), Is.EqualTo(2));
        clock.Advance(TimeSpan.Zero);
        await End(troupe);
        Assert.That(ran, Is.EqualTo([2]));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Dispose_WithATaskThatWaitsForItsInput_WaitsOnlyUntilItsDeadline()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(Never(), Until10);
        var disposing = troupe.DisposeAsync().AsTask();
        clock.Advance(9 * Second);
        Assert.That(disposing.IsCompleted, Is.False);
        clock.Advance(Second);
        await Within.Time(disposing, "the end of the troupe");
        AssertPassed(future, "waited for its input");
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Abort_BeforeADeadline_CancelsTheTaskAndLeavesNoTimer()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(Never(), Until10);
        troupe.Abort();
        await End(troupe);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadlines_OfManyTasks_EndEachOnce()
    {
        const int Many = 3_000;
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = Many, Clock = clock }));
        var random = new Random(1);
        var futures = Enumerable.Range(0, Many)
            .Select(_ => troupe.Submit(Never(), new() { Deadline = random.Next(1, 20) * Second })).ToArray();
        var canceller = Task.Factory.StartNew(
            () => { for (var i = 0; i < Many; i += 7) futures[i].Cancel(); },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var i = 0; i < 20; i++) clock.Advance(Second);
        await Within.Time(canceller, "the canceller");
        Assert.That(
            futures.Select(future => future.Status),
            Is.All.EqualTo(TinyFutureStatus.Faulted).Or.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(futures.Count(future => future.Status == TinyFutureStatus.Canceled), Is.LessThanOrEqualTo((Many / 7) + 1));
        Assert.That(clock.Timers, Is.Zero);
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Waiting, now.Running, now.Faulted + now.Canceled), Is.EqualTo(((long)Many, 0, 0, (long)Many)));
        await End(troupe);
    }

    [Test]
    [SharesMemory("an execution context")]
    public async Task Options_WithAnExecutionContextThatFlows_AreBothThere()
    {
        var clock = new ManualClock();
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, string?>(
            _ => Ambient.Value, Options(new Settings { Clock = clock }) with { FlowExecutionContext = true });
        Ambient.Value = "mine";
        var future = troupe.Submit(input.Future, Until10);
        var late = troupe.Submit(Never(), new() { Deadline = 5 * Second, Timeout = Second });
        Ambient.Value = null;
        clock.Advance(9 * Second);
        Assert.That(late.Exception, Is.TypeOf<TimeoutException>());
        input.TrySetResult(1);
        Assert.That(Within.Time(future), Is.EqualTo("mine"));
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfATaskOfAPausedTroupe_GoesOn()
    {
        var clock = new ManualClock();
        var ran = new ConcurrentQueue<int>();
        var troupe = Recording(ran, new Settings { Capacity = 1, Clock = clock });
        troupe.Pause();
        var late = troupe.Submit(1, new() { Deadline = 10 * Second, Key = "a", Priority = 1 });
        clock.Advance(10 * Second);
        AssertPassed(late, "waited for a worker");
        var next = troupe.Submit(2, new() { Deadline = 10 * Second, Key = "a" });
        troupe.Resume();
        Assert.That(Within.Time(next), Is.EqualTo(2));
        await End(troupe);
        Assert.That(ran, Is.EqualTo([2]));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_ThatIsInfinite_IsNone()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Clock = clock }));
        var future = troupe.Submit(Never(), new() { Deadline = Timeout.InfiniteTimeSpan });
        Assert.That(clock.Timers, Is.Zero);
        clock.Advance(TimeSpan.FromDays(100));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Pending));
        future.Cancel();
        await End(troupe);
    }

    [TestCase(0)]
    [TestCase(-5)]
    [TestCase(50 * 86_400)]
    public async Task Limits_ThatCannotBe_AreRefusedByEverySubmission(int seconds)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        foreach (var options in new SubmitOptions[] { new() { Deadline = seconds * Second }, new() { Timeout = seconds * Second } })
        {
            var name = options.Deadline is null ? "SubmitOptions.Timeout" : "SubmitOptions.Deadline";
            IResolveConstraint IsRefused() => Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains(name);
            Assert.That(() => troupe.Submit(1, options), IsRefused());
            Assert.That(() => troupe.Submit(Never(), options), IsRefused());
            Assert.That(() => troupe.TrySubmit(1, options, out _), IsRefused());
            var refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await troupe.SubmitAsync(1, options));
            Assert.That(refused!.Message, Does.Contain(name));
            refused = await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await troupe.CallAsync(1, options));
            Assert.That(refused!.Message, Does.Contain(name));
        }

        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
    }

    protected static TinyFuture<int> Never() => new TinyFutureSource<int>().Future;

    private protected TinyTroupe<int, int> Recording(ConcurrentQueue<int> ran, Settings settings) => new(
        x =>
        {
            ran.Enqueue(x);
            return x;
        },
        Options(settings));

    protected static void AssertPassed(TinyFuture<int> future, params string[] says)
    {
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        foreach (var part in says.Append("Deadline")) Assert.That(future.Exception!.Message, Does.Contain(part));
    }

    protected static void AssertCounts(TinyTroupe<int, int> troupe, long accepted, long faulted, int waiting = 0)
    {
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Faulted, now.Waiting, now.Running), Is.EqualTo((accepted, faulted, waiting, 0)));
        Assert.That(now.Accepted, Is.EqualTo(now.Waiting + now.Succeeded + now.Faulted + now.Canceled));
    }
}
