using TinyWorker.Threading;

namespace TinyWorker.Workers;

// Workers that have had nothing to do for long leave.
//
// There is one timer for all of them. It is set while more workers stay than the troupe keeps and one of them sleeps: for the moment at
// which the first has slept long enough. It is not set again for each task: when it calls, it looks who has slept how long, and is set
// for the next. So an idle troupe is woken as often as it has workers that leave, and a busy one about once in the IdleTimeout.
//
// No sleeper is forgotten. A loop that parks is seen as parked first, and looks whether a timer is wanted afterwards (NoticeParked).
// Whoever makes it wanted says so first, and looks for sleepers afterwards (SetIdleTimer_NeedsLock).
//
// No task is lost. The timer takes the sleeper out of IdleWorkers first: from then on nobody wakes it for a task, so it is this thread
// that must. Then it decides under _lock, and wakes it in any case. If the worker leaves, a submitter sees that it does not sleep, and
// finds its place occupied until the worker is gone; Left looks for tasks then.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    private ITimer? _idleTimer;      // guarded by _lock; made when first needed
    private bool _isIdleTimerSet;    // guarded by _lock
    private bool _wantsIdleTimer;    // written under _lock, read anywhere

    /// <summary>Whether a worker that has nothing to do may leave some time.</summary>
    public bool HasIdleTimeout { get; }

    /// <summary>The loop sleeps from now on. Called by the loop itself, which may be woken already.</summary>
    public void NoticeParked()
    {
        if (!HasIdleTimeout) return;
        Interlocked.MemoryBarrier();
        if (!Volatile.Read(ref _wantsIdleTimer)) return;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            SetIdleTimer_NeedsLock();
        }
    }

    private void SetIdleTimer_NeedsLock()
    {
        if (!_wantsIdleTimer) return;
        Interlocked.MemoryBarrier();
        var first = long.MaxValue;
        foreach (var loop in _staying)
            if (loop.IsParked) first = Math.Min(first, loop.IdleSince);
        if (first == long.MaxValue) return;
        _isIdleTimerSet = true;
        Publish_NeedsLock();
        _idleTimer ??= Timers.Create(TimeProvider, static loops => ((WorkerLoops<TIn, TOut>)loops!).OnIdleTimer(), this);
        var left = _core.Settings.IdleTimeout - TimeProvider.GetElapsedTime(first, TimeProvider.GetTimestamp());
        // Rounded up: a timer that calls too early is set again.
        _idleTimer.Change(
            left > TimeSpan.Zero ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
    }

    private void OnIdleTimer()
    {
        // Some clocks call at once, on the thread that sets the timer: that thread holds the lock.
        if (_lock.IsHeldByCurrentThread)
        {
            Schedule.Queue(static loops => loops.OnIdleTimer(), this, preferLocal: false);
            return;
        }

        List<WorkerLoop<TIn, TOut>> overdue;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _isIdleTimerSet = false;
            Publish_NeedsLock();
            var now = TimeProvider.GetTimestamp();
            overdue = [.. _staying
                .Where(loop => loop.IsParked && TimeProvider.GetElapsedTime(loop.IdleSince, now) >= _core.Settings.IdleTimeout)
                .OrderBy(static loop => loop.IdleSince).ThenByDescending(static loop => loop.Info.Index)];
        }

        BeginSubmit();
        foreach (var loop in overdue) LetLeave(loop);
        EndSubmit(item: null);
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            SetIdleTimer_NeedsLock();
        }
    }

    private void LetLeave(WorkerLoop<TIn, TOut> loop)
    {
        if (!Volatile.Read(ref _mayLeave) || !loop.TryTakeOutOfSleep()) return;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (MayLeave_NeedsLock(loop) && !_core.Queue.HasItems && !_core.Queue.HasItemsFor(loop.Info.Index))
                Leave_NeedsLock(loop, LeaveReason.Idle);
        }

        loop.Wake();
    }

    private void EndIdleTimer_NeedsLock()
    {
        _idleTimer?.Dispose();
        _idleTimer = null;
        _isIdleTimerSet = false;
    }
}
