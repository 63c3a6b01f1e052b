using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// The deadline ladder: a running task is first asked to stop by its token, and when the grace has passed the worker is given up. It is
/// called from the loop, from whoever cancels, and from the timer; the lock on _ladder guards all of it.
/// </summary>
/// <remarks>
/// The loop ends a task that was not asked to stop without this lock: its compare-and-swap from Running succeeds only while no stop
/// was requested. A request is the swap from Running to StopRequested under the lock; from then on the loop (back from the user's code) and
/// the timer (the grace has passed) claim the task under the lock, one of them. The token source is the loop's: it is used again for
/// the next task as long as nobody has cancelled it, and replaced by the loop before the task it was cancelled for has ended.
/// There is one timer a loop. It may come late, for a task that has ended: so it acts on _dueAt alone.
/// A worker that runs elsewhere is killed when the grace has passed, which ends its task for the loop to claim; it is given up only if that
/// does not help either.
/// </remarks>
internal sealed partial class WorkerLoop<TIn, TOut>
{
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(10);   // what is killed ends at once, unless the system holds it

    private readonly Lock _ladder = new();
    private readonly TimeSpan _graceWithoutTask;   // for starting, resting and leaving after an abort: those need a moment even where tasks get none
    private CancellationTokenSource _cancellation = new();   // replaced by the loop when nobody can ask for it
    private StopReason _stopReason;
    private int _phase;           // a WorkerPhase
    private bool _isAborted;      // set once
    private ITimer? _timer;       // made when first needed
    private bool _isKilled;       // what runs now was killed, because it did not stop
    private long _dueAt;          // the next step of the ladder, in timestamps of the clock; 0 for none
    private long _timerAt;        // when the timer will call; 0 for never

    private bool IsStopping
    {
        get
        {
            lock (_ladder) return _isAborted || _phase == (int)WorkerPhase.GivenUp;
        }
    }

    /// <summary>Asks the task to stop. False if it is not running here, or was asked before. Runs no user code.</summary>
    public bool TryCancel(WorkItem<TIn, TOut> item)
    {
        Schedule.Point();
        if (!ReferenceEquals(Volatile.Read(ref _current), item)) return false;
        Schedule.Point();
        CancellationTokenSource cancellation;
        lock (_ladder)
        {
            if (!ReferenceEquals(_current, item) || !item.TryRequestStop()) return false;
            cancellation = RequestStop_NeedsLock(StopReason.Cancel);
        }

        Signal(cancellation);
        return true;
    }

    /// <summary>Asks whatever runs here to stop, a start under way included; from now on every phase has the grace and no longer.</summary>
    public void Abort()
    {
        CancellationTokenSource? cancellation = null;
        Schedule.Point();
        lock (_ladder)
        {
            if (_isAborted || _phase >= (int)WorkerPhase.GivenUp) return;
            _isAborted = true;
            if (_phase == (int)WorkerPhase.Starting) cancellation = RequestStop_NeedsLock(StopReason.Cancel);
            else if (_current is { } item && item.TryRequestStop()) cancellation = RequestStop_NeedsLock(StopReason.Cancel);
            else if (_dueAt == 0) ArmGrace_NeedsLock(_graceWithoutTask);
        }

        if (cancellation is not null) Signal(cancellation);
    }

    private CancellationTokenSource RequestStop_NeedsLock(StopReason reason)
    {
        _stopReason = reason;
        ArmGrace_NeedsLock(_troupe.CancellationGrace);
        return _cancellation;
    }

    private void ArmGrace_NeedsLock(TimeSpan grace)
    {
        if (grace == Timeout.InfiniteTimeSpan) _dueAt = 0;
        else Arm_NeedsLock(grace);
    }

    // On the pool: what is registered on the token is user code, and so is what goes on inline behind a cancelled await.
    private void Signal(CancellationTokenSource cancellation) =>
        cancellation.CancelAsync().ContinueWith(
            static (task, state) =>
            {
                var loop = (WorkerLoop<TIn, TOut>)state!;
                Log.CallbackFaulted(loop._troupe.Logger, loop._troupe.Name, task.Exception!.InnerException!);
            },
            this, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    /// <summary>For the loop, back from the user's code: the task is the loop's to end. False if it was given up meanwhile.</summary>
    private bool TryClaim(WorkItem<TIn, TOut> item, out StopReason? stopped)
    {
        _tasksOfThisWorker++;
        stopped = null;
        if (item.TryClaim())
        {
            if (_troupe.TaskTimeout is not null) DisarmTimeout();
            RenewToken();
            return true;
        }

        Schedule.Point();
        lock (_ladder)
        {
            if (!item.TryClaimStopped())
            {
                Debug.Assert(_phase == (int)WorkerPhase.GivenUp, "only giving up takes a task from its worker");
                _isRetired = true;
                return false;
            }

            stopped = _stopReason;
            Disarm_NeedsLock();
            _cancellation = new CancellationTokenSource();
            return true;
        }
    }

    // What was registered on the token goes with the task, or start, that it was for. Nobody cancels it now: there is nothing to ask.
    private void RenewToken()
    {
        if (!_cancellation.TryReset()) _cancellation = new CancellationTokenSource();
    }

    private bool TryBeginWork() => TryEnterPhase(WorkerPhase.Working);

    private bool TryBeginStart() => TryEnterPhase(WorkerPhase.Starting);

    private bool TryEnterPhase(WorkerPhase phase)
    {
        Schedule.Point();
        lock (_ladder)
        {
            if (_phase == (int)WorkerPhase.GivenUp) return false;
            if (_isAborted && phase == WorkerPhase.Starting) return false;   // no successor for a worker that was recycled just then
            _phase = (int)phase;
            Disarm_NeedsLock();
            if (phase == WorkerPhase.Gone)
            {
                _timer?.Dispose();
                _timer = null;
            }

            return true;
        }
    }

    private void ArmTimeout(TimeSpan timeout)
    {
        Schedule.Point();
        lock (_ladder)
        {
            // Not if it was asked to stop already: then the grace runs.
            if (_current is { MayBeAskedToStop: true }) Arm_NeedsLock(timeout);
        }
    }

    private void DisarmTimeout()
    {
        Schedule.Point();
        lock (_ladder) Disarm_NeedsLock();
    }

    // A task or a phase is over. After an abort the next phase has its own grace.
    private void Disarm_NeedsLock()
    {
        _dueAt = 0;
        _isKilled = false;
        if (_isAborted && _phase < (int)WorkerPhase.GivenUp) ArmGrace_NeedsLock(_graceWithoutTask);
    }

    // The timer is left running from task to task where it calls early enough: setting it anew costs more than a call for nothing.
    private void Arm_NeedsLock(TimeSpan span)
    {
        var clock = _troupe.TimeProvider;
        _dueAt = Math.Max(1, clock.GetTimestamp() + (long)(span.TotalSeconds * clock.TimestampFrequency));
        if (_timerAt != 0 && _timerAt <= _dueAt) return;
        SetTimer_NeedsLock(span);
    }

    private void SetTimer_NeedsLock(TimeSpan span)
    {
        _timerAt = _dueAt;
        if (_timer is null)
        {
            // Whoever cancels first must not have its execution context kept for the life of the worker.
            var flows = !ExecutionContext.IsFlowSuppressed();
            if (flows) ExecutionContext.SuppressFlow();
            try
            {
                _timer = _troupe.TimeProvider.CreateTimer(static loop => ((WorkerLoop<TIn, TOut>)loop!).OnTimer(), this, span, Timeout.InfiniteTimeSpan);
            }
            finally
            {
                if (flows) ExecutionContext.RestoreFlow();
            }
        }
        else
        {
            _timer.Change(span, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnTimer()
    {
        // Some clocks call at once what is due, on the thread that sets the timer: that thread holds the ladder.
        if (_ladder.IsHeldByCurrentThread)
        {
            Schedule.Queue(static loop => loop.OnTimer(), this, preferLocal: false);
            return;
        }

        CancellationTokenSource? toSignal = null;
        IRemoteWorker? toKill = null;
        WorkItem<TIn, TOut>? toEnd = null;
        Schedule.Point();
        lock (_ladder)
        {
            _timerAt = 0;
            if (!IsDue_NeedsLock()) return;
            if (!_isAborted && _phase == (int)WorkerPhase.Working && _current is { } item && item.TryRequestStop()) toSignal = RequestStop_NeedsLock(StopReason.Timeout);
            else if (Remote is { } remote && !_isKilled && IsOverdue_NeedsLock())
            {
                toKill = remote;
                _isKilled = true;
                Arm_NeedsLock(KillPatience);
            }
            else if (!TryGiveUp_NeedsLock(out toEnd))
            {
                // Due for what has ended: what came after it has set no time, or the loop is out of the ladder's hands.
                Disarm_NeedsLock();
                return;
            }
        }

        if (toKill is not null)
        {
            Log.WorkerKilled(_troupe.Logger, _troupe.Name, _info.Index, _troupe.CancellationGrace);
            toKill.Kill();
            return;
        }

        if (toSignal is null)
        {
            AfterGivingUp(toEnd);
            return;
        }

        Log.TaskTimedOut(_troupe.Logger, _troupe.Name, _info.Index, _troupe.TaskTimeout!.Value);
        Signal(toSignal);
    }

    private bool IsDue_NeedsLock()
    {
        if (_dueAt == 0) return false;
        var clock = _troupe.TimeProvider;
        var left = clock.GetElapsedTime(clock.GetTimestamp(), _dueAt);
        if (left > TimeSpan.Zero)
        {
            SetTimer_NeedsLock(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)));
            return false;
        }

        _dueAt = 0;
        return true;
    }

    private bool IsOverdue_NeedsLock() => _phase < (int)WorkerPhase.GivenUp && (_current is { } item ? item.IsAskedToStop : _isAborted);

    private bool TryGiveUp_NeedsLock(out WorkItem<TIn, TOut>? item)
    {
        item = _current;
        if (_phase >= (int)WorkerPhase.GivenUp) return false;
        // With a task: if it is still the one that was asked to stop. Without one, only an abort sets a time: for a start, for a
        // disposal, and for a thread that does not come back from what an earlier task has left running on it, or from whom it tells of one's
        // end. But first it tells: the troupe has not ended before its tasks.
        if (item is null ? !_isAborted || Volatile.Read(ref _ending) is { IsCompleted: false } : !item.TryClaimStopped()) return false;
        _phase = (int)WorkerPhase.GivenUp;
        return true;
    }

    private void AfterGivingUp(WorkItem<TIn, TOut>? item)
    {
        Schedule.Point();
        Log.WorkerAbandoned(_troupe.Logger, _troupe.Name, _info.Index, _troupe.CancellationGrace);
        if (item is not null)
        {
            var failure = _stopReason == StopReason.Timeout
                ? TimedOut(inner: null)
                : Failure.Cancellation($"The task was asked to stop, did not within {_troupe.CancellationGrace}, and lost its worker.");
            _troupe.CountOutside(failure);
            item.Fail(failure);
        }

        TakeAllBack();
        _troupe.Crew.Abandon(this);
        _executor.TaskWasTaken();
    }

    private Failure TimedOut(Exception? inner) => Failure.Fault(new TimeoutException(
        $"The task passed its TaskTimeout of {_troupe.TaskTimeout} in '{_troupe.Name}' and was stopped. Raise TinyTroupeOptions.TaskTimeout if it needs longer.", inner));
}
