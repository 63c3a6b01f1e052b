using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>
/// The deadline ladder: a running task is first asked to stop by its token; when the grace has passed, its worker is abandoned. Three
/// callers share it: the loop, whoever cancels (or the timer of the task's own deadline), and the loop's timer. The lock _ladder guards all of it.
/// </summary>
/// <remarks>
/// The loop ends a task that was not asked to stop without this lock: its compare-and-swap from Running succeeds only while no stop was
/// requested. A request is the swap from Running to StopRequested, under the lock. From then on the loop (back from the user's code) and
/// the timer (the grace has passed) claim the task under the lock, and one of them wins. The token source belongs to the loop: it is used
/// again for the next task as long as nobody has cancelled it. If somebody has, the loop replaces it before the task that was cancelled
/// has ended. There is one timer a loop. It may come late, for a task that has ended: so it acts on _dueAt alone. A worker that runs
/// elsewhere is killed when the grace has passed. Its task then ends, and the loop claims it. The loop is abandoned only if the kill does
/// not help either. Where the worker is to stay in its place, the timer ends the task, and the loop is hung: it goes on when it comes back.
/// An abort gives up what hangs. The making of a worker has a limit of its own, and the same ladder.
/// </remarks>
internal sealed partial class WorkerLoop<TIn, TOut>
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);   // a killed process ends at once, unless the system holds it

    private readonly Lock _ladder = new();
    // For starting, parking and leaving after an abort: those need a moment even if tasks get none
    private readonly TimeSpan _graceWithoutTask;
    private CancellationTokenSource _cancellation = new();   // replaced by the loop when nobody can cancel it any more
    private StopReason _stopReason;
    private int _phase;           // a WorkerPhase
    private bool _isAborted;      // set once
    private ITimer? _timer;       // made when first needed
    private bool _isKilled;       // what runs now was killed, because it did not stop
    private bool _wasKilled;      // the worker was killed so
    private bool _hasPassedMakeTimeout;
    private bool _graceIsToCome;  // the task was asked to stop, and its grace begins when its timeout has passed
    private long _dueAt;          // the next step of the ladder, in timestamps of the clock; 0 for none
    private long _timerAt;        // when the timer will call; 0 for never
    private bool _hasLimit;       // the loop's: the timer was set for the timeout of the task that runs

    private bool IsStopping
    {
        get
        {
            using (Uninterrupted.Enter(_ladder))
            {
                AssertInvariants_NeedsLock();
                return _isAborted || _phase == (int)WorkerPhase.Abandoned;
            }
        }
    }

    /// <summary>Asks the task to stop. False if the task is not running here, or was asked before. Runs no user code.</summary>
    /// <param name="item">The task.</param>
    /// <param name="reason">Why.</param>
    /// <param name="hasGrace">False for a caller that waits for the code itself, however long it takes: then the grace begins only when
    /// the task passes its timeout, or the troupe aborts. A worker process, which can be killed, has its grace in any case.</param>
    public bool TryStop(WorkItem<TIn, TOut> item, StopReason reason, bool hasGrace)
    {
        Schedule.Point();
        if (!ReferenceEquals(Volatile.Read(ref _current), item)) return false;
        Schedule.Point();
        CancellationTokenSource cancellation;
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (!ReferenceEquals(_current, item) || !item.TryRequestStop()) return false;
            cancellation = RequestStop_NeedsLock(reason, hasGrace || Remote is not null);
        }

        if (reason == StopReason.Deadline) Log.TaskPassedDeadline(_core.Logger, _core.Name, _info.Index, item.Deadline!.Span);
        Signal(cancellation);
        return true;
    }

    /// <summary>Asks whatever runs here to stop, a start included. From now on every phase may take the grace and no longer.</summary>
    public void Abort()
    {
        CancellationTokenSource? cancellation = null;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_isAborted || _phase >= (int)WorkerPhase.Abandoned) return;
            _isAborted = true;
            if (_phase == (int)WorkerPhase.Starting && !_hasPassedMakeTimeout) cancellation = RequestStop_NeedsLock(StopReason.Cancel);
            else if (_current is { } item && item.TryRequestStop()) cancellation = RequestStop_NeedsLock(StopReason.Cancel);
            else if (_dueAt == 0) ArmGrace_NeedsLock(_graceWithoutTask);
        }

        if (cancellation is not null) Signal(cancellation);
    }

    /// <summary>
    /// No more tasks can come: a worker that is being made in the place of another is needed no more. It may be made all the same. To be
    /// called before the queue is completed: after an abort a worker that rests has its grace from then on.
    /// </summary>
    public void PrepareToEnd()
    {
        CancellationTokenSource cancellation;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_isAborted && _phase == (int)WorkerPhase.Working && _current is null) ArmGrace_NeedsLock(_graceWithoutTask);
            if (_isFirst || _phase != (int)WorkerPhase.Starting) return;
            cancellation = _cancellation;
        }

        Signal(cancellation);
    }

    private bool HasPassedMakeTimeout
    {
        get
        {
            using (Uninterrupted.Enter(_ladder))
            {
                AssertInvariants_NeedsLock();
                return _hasPassedMakeTimeout && !_isAborted;
            }
        }
    }

    /// <summary>The try has ended, before the loop was abandoned for it. Its limit does not run on.</summary>
    /// <returns>Whether the limit had passed.</returns>
    private bool EndTry()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_phase >= (int)WorkerPhase.Abandoned) return false;
            var wasLate = _hasPassedMakeTimeout;
            _hasPassedMakeTimeout = false;
            if (wasLate) _cancellation = new CancellationTokenSource();   // the old one is being cancelled
            Disarm_NeedsLock();
            return wasLate && !_isAborted;
        }
    }

    /// <summary>A try to make a worker begins: it has a token that has not fired, and its own limit of time. False if it was cut short
    /// before it began.</summary>
    // Then the token is about to fire: it stays until WasMakingCutShort puts another in its place.
    private bool TryBeginTry()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_isAborted || _phase != (int)WorkerPhase.Starting) return true;
            if (_isMakingCutShort) return false;
            _hasPassedMakeTimeout = false;
            if (_cancellation.IsCancellationRequested) _cancellation = new CancellationTokenSource();
            Disarm_NeedsLock();
            if (_settings.MakeTimeout is { } limit) Arm_NeedsLock(limit);
            return true;
        }
    }

    private CancellationTokenSource RequestStop_NeedsLock(StopReason reason, bool hasGrace = true)
    {
        _stopReason = reason;
        _graceIsToCome = !hasGrace && !_isAborted;
        if (!_graceIsToCome) ArmGrace_NeedsLock(_settings.CancellationGrace);
        return _cancellation;
    }

    private void ArmGrace_NeedsLock(TimeSpan grace)
    {
        if (grace == Timeout.InfiniteTimeSpan) _dueAt = 0;
        else Arm_NeedsLock(grace);
    }

    // On the pool: the callbacks on the token are user code, and so are the lines after a cancelled await, which may run inline.
    private void Signal(CancellationTokenSource cancellation)
    {
        _loops.Signals.AddCount();
        cancellation.CancelAsync().ContinueWith(
            static (task, state) =>
            {
                var loop = (WorkerLoop<TIn, TOut>)state!;
                if (task.Exception?.InnerException is { } fault) Log.CallbackFaulted(loop._core.Logger, loop._core.Name, fault);
                loop._loops.Signals.Signal();
            },
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>
    /// For the loop, back from the user's code: from here on only the loop may end the task. False if that was done meanwhile, because the
    /// worker did not come back in time.
    /// </summary>
    private bool TryClaim(WorkItem<TIn, TOut> item, out StopReason? stopped)
    {
        _tasksOfThisWorker++;
        stopped = null;
        if (item.TryClaim())
        {
            DisarmTimeout();
            RenewToken();
            return true;
        }

        bool hasComeBack;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (item.TryClaimStopped())
            {
                stopped = _stopReason;
                Disarm_NeedsLock();
                _cancellation = new CancellationTokenSource();
                return true;
            }

            // The timer has ended the task. A loop that hung goes on; one that was abandoned has another in its place.
            hasComeBack = _phase == (int)WorkerPhase.Hung;
            Debug.Assert(hasComeBack || _phase == (int)WorkerPhase.Abandoned, "only a loop that hung or was abandoned loses its task");
            if (hasComeBack)
            {
                _phase = (int)WorkerPhase.Working;
                Disarm_NeedsLock();
                _cancellation = new CancellationTokenSource();
            }
        }

        _isRetired = !hasComeBack;
        // The timer tells of the task's end in a moment. The loop must not overtake that.
        for (var spin = default(SpinWait); hasComeBack && !item.IsCompleted; spin.SpinOnce()) Schedule.Yield();
        if (hasComeBack) Log.WorkerCameBack(_core.Logger, _core.Name, _info.Index);
        return false;
    }

    // The registrations on the token go with the task, or the start, that they were made for. Nobody cancels the token now: nothing is
    // running.
    private void RenewToken()
    {
        if (!_cancellation.TryReset()) _cancellation = new CancellationTokenSource();
    }

    private bool TryBeginWork() => TryEnterPhase(WorkerPhase.Working);

    private bool TryBeginStart() => TryEnterPhase(WorkerPhase.Starting);

    private bool TryEnterPhase(WorkerPhase phase)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_phase == (int)WorkerPhase.Abandoned) return false;
            if (_isAborted && phase == WorkerPhase.Starting) return false;   // no new worker in the place of one that is recycled just now
            _phase = (int)phase;
            Disarm_NeedsLock();
            if (phase == WorkerPhase.Gone)
            {
                _timer?.Dispose();
                _timer = null;
                _timerAt = 0;
            }

            return true;
        }
    }

    /// <summary>How long one attempt of the task may take, and which option says so; null for no limit.</summary>
    private (TimeSpan? Limit, string Option) TimeoutOf(WorkItem<TIn, TOut> item)
    {
        if (_forwarding is not null) return (null, "");   // it counts from when the task runs, which is elsewhere
        return item.Terms is { Timeout: { } own }
            ? (own == Timeout.InfiniteTimeSpan ? null : own, nameof(SubmitOptions) + "." + nameof(SubmitOptions.Timeout))
            : (_settings.TaskTimeout, nameof(TinyTroupeOptions) + "." + nameof(TinyTroupeOptions.TaskTimeout));
    }

    private void ArmTimeout(WorkItem<TIn, TOut> item)
    {
        var limit = TimeoutOf(item).Limit;
        _hasLimit = limit is not null;
        if (limit is not { } timeout) return;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            // Not if the task was already asked to stop, and the grace runs.
            if (_current is { MayBeAskedToStop: true } || _graceIsToCome) Arm_NeedsLock(timeout);
        }
    }

    private void DisarmTimeout()
    {
        if (!_hasLimit) return;
        _hasLimit = false;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            Disarm_NeedsLock();
        }
    }

    // A task or a phase is over. After an abort the next phase has its own grace.
    private void Disarm_NeedsLock()
    {
        _dueAt = 0;
        _isKilled = false;
        _graceIsToCome = false;
        if (_isAborted && _phase < (int)WorkerPhase.Abandoned) ArmGrace_NeedsLock(_graceWithoutTask);
    }

    // The timer runs on from task to task if it calls early enough: to set it again costs more than a call for nothing.
    private void Arm_NeedsLock(TimeSpan span)
    {
        var clock = _core.TimeProvider;
        _dueAt = Math.Max(1, clock.GetTimestamp() + (long)(span.TotalSeconds * clock.TimestampFrequency));
        if (_timerAt != 0 && _timerAt <= _dueAt) return;
        SetTimer_NeedsLock(span);
    }

    private void SetTimer_NeedsLock(TimeSpan span)
    {
        _timer ??= Timers.Create(_core.TimeProvider, static loop => ((WorkerLoop<TIn, TOut>)loop!).OnTimer(), this);
        _timerAt = _dueAt;
        _timer.Change(span, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        // Some clocks call at once, on the thread that sets the timer: that thread holds the lock.
        if (_ladder.IsHeldByCurrentThread)
        {
            Schedule.Queue(static loop => loop.OnTimer(), this, preferLocal: false);
            return;
        }

        CancellationTokenSource? toSignal = null;
        IRemoteWorker? toKill = null;
        WorkItem<TIn, TOut>? toEnd = null;
        var hangs = false;
        var reason = StopReason.Cancel;
        (TimeSpan? Limit, string Option) passed = (null, "");
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            _timerAt = 0;
            if (!IsDue_NeedsLock()) return;
            var mayTimeOut = !_isAborted && _phase == (int)WorkerPhase.Working;
            if (_graceIsToCome && _current is not null && !_isAborted)
            {
                _graceIsToCome = false;
                ArmGrace_NeedsLock(_settings.CancellationGrace);
                return;
            }

            if (mayTimeOut && _current is { } item && item.TryRequestStop())
            {
                toSignal = RequestStop_NeedsLock(StopReason.Timeout);
                passed = TimeoutOf(item);
            }
            else if (_phase == (int)WorkerPhase.Starting && !_isAborted && !_hasPassedMakeTimeout)
            {
                _hasPassedMakeTimeout = true;
                toSignal = _cancellation;
                Arm_NeedsLock(_settings.CancellationGrace == Timeout.InfiniteTimeSpan ? _graceWithoutTask : _settings.CancellationGrace);
            }
            else if (Remote is { } remote && !_isKilled && IsOverdue_NeedsLock())
            {
                toKill = remote;
                _isKilled = _wasKilled = true;
                Arm_NeedsLock(KillPatience);
            }
            else if (!TryGiveUp_NeedsLock(out toEnd, out hangs))
            {
                // Due for a task that has ended: the next one has set no time, or the loop was abandoned or is gone.
                Disarm_NeedsLock();
                return;
            }

            reason = _stopReason;   // another task may come before the end of this one is told
        }

        if (toKill is not null)
        {
            Log.WorkerKilled(_core.Logger, _core.Name, _info.Index, _settings.CancellationGrace);
            toKill.Kill();
            return;
        }

        if (toSignal is null)
        {
            if (hangs) AfterHanging(toEnd!, reason);
            else AfterAbandoning(toEnd, reason);
            return;
        }

        if (passed.Limit is { } limit) Log.TaskTimedOut(_core.Logger, _core.Name, _info.Index, passed.Option, limit);
        Signal(toSignal);
    }

    private bool IsDue_NeedsLock()
    {
        if (_dueAt == 0) return false;
        var clock = _core.TimeProvider;
        var left = clock.GetElapsedTime(clock.GetTimestamp(), _dueAt);
        if (left > TimeSpan.Zero)
        {
            SetTimer_NeedsLock(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
            return false;
        }

        _dueAt = 0;
        return true;
    }

    private bool IsOverdue_NeedsLock()
    {
        if (_phase >= (int)WorkerPhase.Abandoned) return false;
        if (_current is { } item) return item.IsAskedToStop;
        return IsMadeTooLate_NeedsLock || (_isAborted && !MayRest_NeedsLock);
    }

    // Without a task it may sleep until no task can come any more, also after an abort: a task elsewhere may have to end first.
    private bool MayRest_NeedsLock => _phase == (int)WorkerPhase.Working && !_queue.IsCompleted;

    private bool IsMadeTooLate_NeedsLock => _hasPassedMakeTimeout && _phase == (int)WorkerPhase.Starting;

    private bool TryGiveUp_NeedsLock(out WorkItem<TIn, TOut>? item, out bool hangs)
    {
        item = _current;
        hangs = false;
        if (_phase >= (int)WorkerPhase.Abandoned) return false;
        if (item is null)
        {
            // Without a task there is a deadline for the making of a worker, and after an abort: for a start, for a disposal, for what
            // hangs, or for a thread that does not come back from a callback. Then wait until the last outcome is published: the troupe
            // must not end before its tasks.
            if (!IsMadeTooLate_NeedsLock && (!_isAborted || MayRest_NeedsLock)) return false;
            if (Volatile.Read(ref _ending) is { IsCompleted: false }) return false;
        }
        else
        {
            // The stopped task still runs.
            if (!item.TryClaimStopped()) return false;
            hangs = !_isAborted && Remote is null && !_loops.ReplacesHungWorkers;
        }

        if (hangs) _current = null;   // the loop is in the user's code, and does not use the field before it has come back
        _phase = (int)(hangs ? WorkerPhase.Hung : WorkerPhase.Abandoned);
        return true;
    }

    private void AfterHanging(WorkItem<TIn, TOut> item, StopReason reason)
    {
        Schedule.Point();
        EndFromOutside(item, reason);
        Log.WorkerHangs(_core.Logger, _core.Name, _info.Index, _settings.CancellationGrace);
        _executor.TaskWasTaken();
        _loops.NoticeQuiet();
    }

    private void AfterAbandoning(WorkItem<TIn, TOut>? item, StopReason why)
    {
        Schedule.Point();
        Log.WorkerAbandoned(_core.Logger, _core.Name, _info.Index, _settings.CancellationGrace);
        var reason = RestartReason.Abandoned;
        if (item is not null)
        {
            EndFromOutside(item, why);
        }
        else if (HasPassedMakeTimeout)
        {
            reason = RestartReason.NotMade;
            _failures++;
            var cause = MakeTimedOut(inner: null);
            if (_isFirst && !IsAskedToLeave) _loops.Break(new WorkerStartException(_info, 1, cause));
            else NoteStartFailure(cause);
        }

        ReturnAllPrefetched();
        _loops.Abandon(this, reason);
        _executor.TaskWasTaken();
        _loops.NoticeQuiet();
    }

    private void EndFromOutside(WorkItem<TIn, TOut> item, StopReason reason)
    {
        var failure = reason is StopReason.Timeout or StopReason.Deadline
            ? TimedOut(item, reason, inner: null)
            : Failure.Cancellation($"The task was asked to stop, did not within {_settings.CancellationGrace}, and lost its worker.");
        _core.CountOutside(failure, _info.Index);
        item.Fail(failure);
    }

    private Failure TimedOut(WorkItem<TIn, TOut> item, StopReason reason, Exception? inner)
    {
        if (reason == StopReason.Deadline) return item.Deadline!.FailureAt(DeadlineStage.Running, inner);
        var (limit, option) = TimeoutOf(item);
        return Failure.Fault(new TimeoutException(
            $"The task passed its {option[(option.IndexOf('.') + 1)..]} of {limit} in '{_core.Name}' and was stopped. " +
            $"Raise {option} if it needs longer.",
            inner));
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_timerAt == 0 || _timer is not null, "only a timer that exists can be set");
        Debug.Assert(_phase != (int)WorkerPhase.Gone || _timer is null, "the timer ends with the loop");
        Debug.Assert(!_isKilled || Remote is not null, "only a worker that runs elsewhere can be killed");
    }
}
