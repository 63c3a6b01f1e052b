using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>Why a worker leaves for good while its troupe goes on, in words for the log.</summary>
internal static class LeaveReason
{
    public const string Idle = "it had nothing to do";
    public const string Resized = "the troupe was resized";
    public const string NotNeeded = "it could not be made, and no task waits for it";
}

// How a worker leaves while its troupe goes on. WorkerLoops decides that, under its lock, in one of two ways. It asks: the place of the
// loop is one too many. Then the loop tries to leave when its task has ended, and may be told to stay by then. Or it has decided already:
// the loop slept, and its worker was needed no more. Either way the loop takes no task after the decision.
internal sealed partial class WorkerLoop<TIn, TOut>
{
    private bool _isAskedToLeave;            // written under the lock of WorkerLoops
    private TaskCompletionSource? _pause;    // set while the loop pauses between two tries
    private bool _isMakingCutShort;          // guarded by _ladder: the try to make a worker was asked to stop because the loop is to leave
    private bool _isNew = true;              // the loop's: its worker has had no task yet, and has not slept
    private bool _isAsleep;                  // it is parked, or was woken and its thread does something else first
    private long _idleSince;                 // a time stamp of the clock; 0 for none
    private long _tasksBeforeIdle;           // the loop's: of its worker, when it went to sleep

    /// <summary>Whether it is to leave when its task has ended.</summary>
    public bool IsAskedToLeave => Volatile.Read(ref _isAskedToLeave);

    /// <summary>Whether it makes the first worker of its place, in a troupe that starts.</summary>
    public bool IsFirst => _isFirst;

    /// <summary>Whether it has a worker, or has had one since it was last told the number of restarts.</summary>
    public bool HasMadeWorker { get; private set; }

    /// <summary>Why it leaves; null if it does not. Guarded by the lock of WorkerLoops.</summary>
    public string? LeavesBecause { get; private set; }

    // Not while it has tasks of its own: if the troupe is paused, whoever resumes it wakes the loop for them. And not when all leave: the
    // end of the queue wakes the loop for that.
    private bool MayLeave => IsAskedToLeave && !_loops.IsEnding && !_queue.HasItemsFor(_info.Index, evenIfPaused: true);

    public bool IsParked => ((Tasks.IParkedWorker)_parking).IsParked;

    /// <summary>Whether its worker has ended a task, and takes the next one in a moment.</summary>
    // Not if the task may have left code on the thread of the loop, which goes first and may take long.
    public bool IsBetweenTasks =>
        (_isSynchronous || _prefetching is not null || !_executor.MaySpin)
        && Phase == WorkerPhase.Working && !IsBusy && !Volatile.Read(ref _isAsleep) && !IsAskedToLeave && !IsToBeReplaced
        && Remote is not { IsLost: true }
        && Volatile.Read(ref _ending) is null or { IsCompleted: true };   // else listeners are told of its end, which may take long

    /// <summary>Since when its worker has had no task, if it sleeps now.</summary>
    public long IdleSince => Volatile.Read(ref _idleSince);

    /// <summary>The place is one too many. Under the lock of WorkerLoops; <see cref="HurryToLeave"/> is to follow outside of it.</summary>
    public void AskToLeave() => Volatile.Write(ref _isAskedToLeave, true);

    /// <summary>The place is wanted again. Under the lock of WorkerLoops.</summary>
    public void AskToStay() => Volatile.Write(ref _isAskedToLeave, false);

    /// <summary>It is decided. Under the lock of WorkerLoops.</summary>
    public void NoteLeaving(string reason)
    {
        LeavesBecause = reason;
        Volatile.Write(ref _startFailure, null);   // the place is not tried any more
        Volatile.Write(ref _isAskedToLeave, true);
    }

    /// <summary>What the loop waits for is not worth it any more: a pause, the making of a worker, sleep, what was sent ahead.</summary>
    public void HurryToLeave()
    {
        CancellationTokenSource? making = null;
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            if (_phase == (int)WorkerPhase.Starting && !_isAborted && !_hasPassedMakeTimeout)
            {
                _isMakingCutShort = true;
                making = _cancellation;
            }
        }

        Schedule.Point();
        if (making is not null) Signal(making);
        Interlocked.MemoryBarrier();
        Volatile.Read(ref _pause)?.TrySetResult();
        RecallPrefetched();
        Unpark();
    }

    /// <summary>Takes the loop out of its sleep: the caller is to wake it. False if it does not sleep.</summary>
    public bool TryTakeOutOfSleep() => _queue.Idle.TryTakeOut(_parking);

    public void Wake() => ((Tasks.IParkedWorker)_parking).Wake();

    /// <summary>A pause between two tries. It ends early if the loop is to leave.</summary>
    public async Task PauseAsync(TimeSpan pause)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _pause, end);
        Interlocked.MemoryBarrier();
        if (!IsAskedToLeave) await _loops.PauseAsync(pause, end.Task).ConfigureAwait(false);
        Volatile.Write(ref _pause, null);
    }

    /// <summary>Whether the loop leaves now, between two tasks. What was sent ahead has to come back, or to be run, first.</summary>
    private bool TryLeave()
    {
        if (!IsAskedToLeave || _prefetched is { Count: > 0 } || !_loops.TryLeave(this)) return false;
        _queue.Idle.EndSearch(_parking);
        _loops.NoticeNeed();
        return true;
    }

    // For the loop, when it goes to sleep. Not again if it slept before and was woken for nothing.
    private void NoteIdle()
    {
        var tasks = TasksOfThisWorker;
        if (_idleSince != 0 && tasks == _tasksBeforeIdle) return;
        _tasksBeforeIdle = tasks;
        Volatile.Write(ref _idleSince, Math.Max(1, _core.TimeProvider.GetTimestamp()));
    }

    private void NoticeArrival()
    {
        _isNew = false;
        _loops.Arrived(this);
    }

    /// <summary>Whether the last try was cut short, though perhaps too late. Asking forgets it, and gives the next a token that has not
    /// fired.</summary>
    private bool WasMakingCutShort()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_ladder))
        {
            AssertInvariants_NeedsLock();
            var was = _isMakingCutShort && !_isAborted;
            _isMakingCutShort = false;
            if (was) _cancellation = new CancellationTokenSource();   // the old one is being cancelled, or is about to be
            return was;
        }
    }
}
