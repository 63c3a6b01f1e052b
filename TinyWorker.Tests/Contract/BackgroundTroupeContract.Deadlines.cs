using System.Collections.Concurrent;
using System.Diagnostics;
using TinyWorker.Tests.Observing;

namespace TinyWorker.Tests.Contract;

// The deadline of a task behind another one, and of one that runs.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Deadline_OfATaskInTheQueue_FaultsItAndLetsTheNextSubmitterIn()
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var ran = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Enqueue(x);
                return x == 0 ? Begin(begun, gate, x) : x;
            },
            Options(new Settings { Name = "busy", Capacity = 1, Clock = clock }));
        var running = troupe.Submit(0);
        Within.Until(() => begun.IsSet && troupe.Snapshot().Waiting == 0, "the start");
        var late = troupe.Submit(1, Until10);
        TinyFuture<int>? next = null;
        var submitting = Blocked(() => next = troupe.Submit(2));
        clock.Advance(10 * Second);
        AssertPassed(late, "'busy'", "00:00:10", "waited for a worker", "never started");
        await Within.Time(submitting, "the next submitter");
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").EqualTo(1).And.Property("Faulted").EqualTo(1));
        gate.Set();
        Assert.That((Within.Time(running), Within.Time(next!)), Is.EqualTo((0, 2)));
        await End(troupe);
        Assert.That(ran, Is.EqualTo([0, 2]));
        Assert.That(clock.Timers, Is.Zero);
    }

    // No clock should step back, but this one is the user's.
    [Test]
    [SharesMemory("the clock")]
    public async Task Deadline_ByAClockThatStepsForthAndBack_EndsTheTask()
    {
        using var gate = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new SteppingClock();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Begin(begun, gate, x);
                clock.IsToStep = true;
                return x;
            },
            Options(new Settings { Clock = clock }));
        var running = troupe.Submit(0);
        Within.Wait(begun);
        var late = troupe.Submit(1, new SubmitOptions { Deadline = TimeSpan.FromHours(1) });
        gate.Set();
        Assert.That(Within.Time(running), Is.Zero);
        WaitForEnd(late);
        Assert.That(late.Exception, Is.TypeOf<TimeoutException>());
        await End(troupe);
    }

    private sealed class SteppingClock : TimeProvider
    {
        private volatile bool _isToStep;

        public bool IsToStep
        {
            set => _isToStep = value;
        }

        public override long GetTimestamp()
        {
            var steps = _isToStep;
            _isToStep = false;
            return base.GetTimestamp() + (steps ? 2 * 3600 * TimestampFrequency : 0);
        }
    }

    [Test]
    public async Task Deadline_OfARunningTaskThatObeys_FaultsItAndKeepsTheWorker()
    {
        using var loggers = new FakeLoggers();
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x != 0) return x;
                begun.Set();
                return UntilCancelled(token);
            },
            Options(new Settings { Name = "obedient", Clock = clock, Grace = Timeout.InfiniteTimeSpan, Loggers = loggers }));
        var future = troupe.Submit(0, Until10);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(9 * Second);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Running));
        clock.Advance(Second);
        AssertPassed(future, "'obedient'", "00:00:10", "was running");
        Assert.That(future.Exception!.InnerException, Is.Null);
        Assert.That(Within.Time(troupe.Submit(1, Until10)), Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Workers[0].Restarts, Is.Zero);
        await End(troupe);
        Assert.That(loggers.CountOf(31), Is.EqualTo(1));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfARunningTaskThatReturnsAllTheSame_FaultsIt()
    {
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            (x, token) => AfterCancellation(begun, () => x, token),
            Options(new Settings { Clock = clock, Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(3, Until10);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(10 * Second);
        AssertPassed(future, "was running");
        await End(troupe);
    }

    [Test]
    public async Task Deadline_OfARunningTaskThatIgnoresIt_EndsItAfterTheGraceAndReplacesTheWorker()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var clock = new ManualClock();
        var settings = new Settings { Grace = 5 * Second, Clock = clock };
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Begin(begun, hung, x) : x, Options(settings));
        var future = troupe.Submit(0, Until10);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(10 * Second);
        clock.Advance(4 * Second);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Running));
        clock.Advance(Second);
        AssertPassed(future, "was running");
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: true);
        await End(troupe);
        hung.Set();
        Assert.That(clock.Armed, Is.Zero);
    }

    [Test]
    public async Task Deadline_OfARunningTaskThatWasCancelledBefore_LeavesItCancelled()
    {
        using var begun = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                Begin(begun, gate, x);
                return UntilCancelled(token);
            },
            Options(new Settings { Clock = clock, Grace = Timeout.InfiniteTimeSpan }));
        var future = troupe.Submit(0, Until10);
        Within.Until(() => begun.IsSet && future.Status == TinyFutureStatus.Running, "the start");
        Assert.That(future.Cancel(), Is.True);
        clock.Advance(10 * Second);
        gate.Set();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Abort_OfTasksWithDeadlines_CancelsThemAndLeavesNoTimer()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>((_, token) => UntilCancelled(token), Options(new Settings { Clock = clock }));
        var running = troupe.Submit(0, Until10);
        var waiting = troupe.Submit(1, Until10);
        Within.Until(() => running.Status == TinyFutureStatus.Running, "the start");
        troupe.Abort();
        await End(troupe);
        Assert.That((running.Status, waiting.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Tasks_OfManySubmittersWhoseDeadlinesPassMeanwhile_EndOnceEachAndNeverStartLate([Values(1, 3)] int workers)
    {
        const int Each = 1_500;
        var clock = new ManualClock();
        var ran = new int[4 * Each];
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref ran[x]);
                return x;
            },
            Options(new Settings { Workers = workers, Capacity = 16, Clock = clock, Grace = Timeout.InfiniteTimeSpan }));
        var all = new TinyFuture<int>[ran.Length];
        using var stop = new CancellationTokenSource();
        var ticking = OnAThread(() => { while (!stop.IsCancellationRequested) clock.Advance(TimeSpan.FromMilliseconds(10)); });
        var submitting = Enumerable.Range(0, 4).Select(me => OnAThread(() =>
        {
            for (var i = me; i < all.Length; i += 4)
            {
                var options = new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(1 + (i * 37 % 400)) };
                all[i] = me == 0 ? troupe.SubmitAsync(i, options).AsTask().GetAwaiter().GetResult() : troupe.Submit(i, options);
                if (i % 5 == 0) all[i].Cancel();
            }
        })).ToArray();
        await Within.Time(Task.WhenAll(submitting), "the submitters");
        await End(troupe);
        await stop.CancelAsync();
        await Within.Time(ticking, "the clock");
        for (var i = 0; i < all.Length; i++)
        {
            Assert.That(all[i].IsCompleted, Is.True);
            Assert.That(ran[i], all[i].Status == TinyFutureStatus.Succeeded ? Is.EqualTo(1) : Is.LessThanOrEqualTo(1));
            if (all[i].Status != TinyFutureStatus.Faulted) continue;
            Assert.That(all[i].Exception, Is.TypeOf<TimeoutException>());
            if (all[i].Exception!.Message.Contains("never started", StringComparison.Ordinal)) Assert.That(ran[i], Is.Zero);
        }

        var end = troupe.Snapshot();
        Assert.That(
            (end.Accepted, end.Waiting, end.Running, end.Succeeded + end.Faulted + end.Canceled),
            Is.EqualTo(((long)all.Length, 0, 0, (long)all.Length)));
        Assert.That(clock.Timers, Is.Zero);
    }

    [TestCase(true)]
    [TestCase(false)]
    [NonParallelizable]
    public async Task Deadline_OfATaskThatListenersWatch_IsToldOnce(bool isAtTheGate)
    {
        using var telemetry = new Telemetry();
        var clock = new ManualClock();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = name, Capacity = 1, Clock = clock }));
        var holder = isAtTheGate ? troupe.Submit(Never()) : null;
        TinyFuture<int>? late = null;
        var submitting = Blocked(() => late = troupe.Submit(Never(), new() { Deadline = 10 * Second, Priority = 3, Timeout = Second }));
        if (!isAtTheGate) await Within.Time(submitting, "the submitter");
        clock.Advance(10 * Second);
        await Within.Time(submitting, "the submitter");
        AssertPassed(late!, isAtTheGate ? "waited for room" : "waited for its input");
        holder?.Cancel();
        await End(troupe);
        Assert.That(telemetry.Read("tinyworker.task.ended", name, ("error.type", "System.TimeoutException")), Is.EqualTo(1));
        Assert.That(telemetry.Read("tinyworker.task.accepted", name), Is.EqualTo(isAtTheGate ? 2 : 1));
        Assert.That(
            telemetry.Spans(name).Count(span => span.Status == ActivityStatusCode.Error), Is.EqualTo(1));
    }

    [Test]
    public async Task Deadline_WithATimeProviderThatThrows_StillEndsTheTask(
        [Values("GetTimestamp", "CreateTimer", "Change", "Dispose", "TimestampFrequency", "no timer")] string what)
    {
        using var loggers = new FakeLoggers();
        var clock = new BadClock(what);
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1, Clock = clock, Loggers = loggers }));
        await Within.Time(troupe.WhenReadyAsync());
        clock.IsBad = true;
        var options = new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(20) };
        var late = troupe.Submit(Never(), options);
        AssertPassed(late, "waited for its input");
        var holder = troupe.Submit(Never());
        TinyFuture<int>? refused = null;
        await Within.Time(Blocked(() => refused = troupe.Submit(1, options)), "the submitter");
        AssertPassed(refused!, "waited for room");
        holder.Cancel();
        await End(troupe);
    }

    [Test]
    public async Task Deadline_WithAClockWhoseTimersCallAtOnce_EndsTheTask([Values] bool isAtTheGate)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 1, Clock = new HastyClock() }));
        var holder = isAtTheGate ? troupe.Submit(Never()) : null;
        TinyFuture<int>? late = null;
        await Within.Time(Blocked(() => late = troupe.Submit(Never(), Until10)), "the submitter");
        AssertPassed(late!);
        holder?.Cancel();
        await End(troupe);
    }

    private static Task OnAThread(Action step) =>
        Task.Factory.StartNew(step, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Its timers do not wait.</summary>
    private sealed class HastyClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new HastyTimer(callback, state);

        private sealed class HastyTimer(TimerCallback callback, object? state) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                if (dueTime != Timeout.InfiniteTimeSpan) callback(state);
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => default;
        }
    }
}
