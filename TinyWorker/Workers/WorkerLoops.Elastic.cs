using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// How many workers there are: more are made when tasks wait and nobody is free, fewer stay when the troupe is resized.
//
// Who owns what: all is decided under _lock. A loop that is present is in one of three states. It stays. It is one too many (its index is
// not below _most): it was asked to leave, and may still be asked to stay. Or it leaves: that is decided once, and its place stays occupied
// until its worker is gone, so that two workers never have one index.
//
// No task waits for ever. Whoever adds one that any worker may take adds it first, and looks afterwards whether somebody is free, whether a
// worker is awaited, or whether another may be made (NoticeNeed). Whoever changes one of these says so first and looks for tasks
// afterwards: a worker that was the searcher and has found a task (WorkerLoop.TryTake), one that was awaited and has had its first look
// (Arrived), one whose making has failed (NoticeFailure), one that is gone (Left), and Resize. Full fences stand between. So it is with a
// task that only one place may run: it is added first, and then the loop of the place is woken, or made; a place is emptied first, and
// looked for tasks afterwards.
//
// A worker between two tasks is about to look for one: whoever sees its last task ended, and submits the next, needs no other worker. It is
// not seen as free, though, and might take another task. So whoever counts on it leaves a note first (_isNeedPutOff) and looks whether it
// has a task afterwards; the worker has its task first and looks for the note afterwards (WorkerLoop.TryStartNext).
internal sealed partial class WorkerLoops<TIn, TOut>
{
    private readonly int? _least;    // null for as many as there may be
    private readonly HashSet<WorkerLoop<TIn, TOut>> _staying = [];   // guarded by _lock
    private readonly HashSet<WorkerLoop<TIn, TOut>> _leaving = [];   // guarded by _lock
    // Guarded by _lock: a worker is being made, and has not failed, or is about to take its first task. While there is one, no other is
    // made for want of workers
    private readonly HashSet<WorkerLoop<TIn, TOut>> _awaited = [];
    private int _most;               // written under _lock, read anywhere
    private bool _mayGrow;           // written under _lock, read anywhere
    private bool _isNeedPutOff;      // a worker between two tasks is to look whether another is needed, once it has its next
    private bool _mayLeave;          // written under _lock, read anywhere: more workers stay than are kept

    public int Most => Volatile.Read(ref _most);

    public bool IsElastic => _least is not null;

    private int Least_NeedsLock => _least ?? _most;

    private bool MayStart_NeedsLock => !_isEnding && _core.TerminalFailure is null;

    public void NoticeNeed()
    {
        if (Volatile.Read(ref _mayGrow) && IsAnotherNeeded) Grow();
    }

    /// <summary>Whether a worker that has begun a task is to call <see cref="NoticePutOffNeed"/>.</summary>
    public bool IsNeedPutOff => Volatile.Read(ref _isNeedPutOff);

    public void NoticePutOffNeed()
    {
        Volatile.Write(ref _isNeedPutOff, false);
        NoticeNeedAfterChange();
    }

    /// <summary>The loop makes a worker in the place of its last one.</summary>
    public void BeginsAnew(WorkerLoop<TIn, TOut> loop)
    {
        if (!IsElastic) return;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_staying.Contains(loop)) _awaited.Add(loop);
            Publish_NeedsLock();
        }
    }

    /// <summary>The worker of the loop has its first task, or found none and sleeps.</summary>
    public void Arrived(WorkerLoop<TIn, TOut> loop)
    {
        if (!IsElastic) return;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _awaited.Remove(loop);
            Publish_NeedsLock();
        }

        NoticeNeedAfterChange();
    }

    /// <summary>The loop, which has a worker and is between two tasks, was asked to leave. True if it does: then it takes no task.</summary>
    public bool TryLeave(WorkerLoop<TIn, TOut> loop)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_leaving.Contains(loop)) return true;
            if (!IsOneTooMany_NeedsLock(loop) || _core.Queue.HasItemsFor(loop.Info.Index, evenIfPaused: true)) return false;
            Leave_NeedsLock(loop, LeaveReason.Resized);
            return true;
        }
    }

    /// <summary>
    /// The loop has no worker, and the last try to make one has failed, or was never begun. True if nobody needs it: then it does not try
    /// again.
    /// </summary>
    /// <param name="loop">The loop.</param>
    /// <param name="acceptedBefore">How many tasks had been accepted before that try: while the troupe is down, tasks come and do not
    /// wait.</param>
    public bool TryGiveUp(WorkerLoop<TIn, TOut> loop, uint acceptedBefore)
    {
        Outage? ended;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (IsOneTooMany_NeedsLock(loop)) Leave_NeedsLock(loop, LeaveReason.Resized);
            else if (IsNotNeeded_NeedsLock(loop, acceptedBefore)) Leave_NeedsLock(loop, LeaveReason.NotNeeded);
            else return false;
            ended = HasFailures_NeedsLock ? null : EndOutage_NeedsLock();
        }

        NoteOutageEnded(ended);
        return true;
    }

    private bool IsAnotherNeeded => _core.Queue.HasItems && !_core.Queue.Idle.HasFree && _core.Gate.Read().Waiting > 0;

    private void NoticeNeedAfterChange()
    {
        Interlocked.MemoryBarrier();
        NoticeNeed();
    }

    private void Grow()
    {
        WorkerLoop<TIn, TOut> fresh;
        int count;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!_mayGrow || !MayStart_NeedsLock || !IsAnotherNeeded) return;
            Interlocked.Exchange(ref _isNeedPutOff, true);
            if (_living.Any(static loop => loop.IsBetweenTasks)) return;
            Volatile.Write(ref _isNeedPutOff, false);
            if (!IsAnotherNeeded) return;   // a worker that was between two tasks may have taken it just now
            var index = 0;
            while (LoopAt(index) is not null) index++;
            fresh = PutAt_NeedsLock(index);
            count = _staying.Count;
            Publish_NeedsLock();
        }

        Log.WorkerAdded(Logger, Name, fresh.Info.Index, count, fresh.Info.Count);
        StartLoop(fresh);
    }

    // A troupe that ends needs no decision: all its loops leave.
    private bool IsOneTooMany_NeedsLock(WorkerLoop<TIn, TOut> loop) =>
        !_isEnding && _present.Contains(loop) && loop.Info.Index >= _most;

    private bool MayLeave_NeedsLock(WorkerLoop<TIn, TOut> loop) =>
        !_isEnding && _staying.Contains(loop) && _staying.Count > Least_NeedsLock;

    private bool IsNotNeeded_NeedsLock(WorkerLoop<TIn, TOut> loop, uint acceptedBefore)
    {
        if (loop.IsFirst || !MayLeave_NeedsLock(loop)) return false;   // a mistake is to show at the start
        var (accepted, waiting) = _core.Gate.Read();
        return accepted == acceptedBefore
            && (waiting == 0 || !(_core.Queue.HasItems || _core.Queue.HasItemsFor(loop.Info.Index)));
    }

    private void Leave_NeedsLock(WorkerLoop<TIn, TOut> loop, string reason)
    {
        _staying.Remove(loop);
        NoLongerLives_NeedsLock(loop);
        _awaited.Remove(loop);
        _leaving.Add(loop);
        loop.NoteLeaving(reason);
        Publish_NeedsLock();
    }

    // Places that fail do not hold up the others, unless no worker lives: then one place is tried, until one can be made.
    private void Publish_NeedsLock()
    {
        if (IsElastic) PublishElastic_NeedsLock();
    }

    private void PublishElastic_NeedsLock()
    {
        var occupied = _staying.Count + _leaving.Count(loop => loop.Info.Index < _most);
        Volatile.Write(
            ref _mayGrow,
            !_isEnding && occupied < _most && _awaited.Count == 0 && (_living.Count > 0 || !HasFailures_NeedsLock));
        Volatile.Write(ref _mayLeave, !_isEnding && _staying.Count > _least);
        Volatile.Write(ref _wantsIdleTimer, HasIdleTimeout && _mayLeave && !_isIdleTimerSet);
    }
}
