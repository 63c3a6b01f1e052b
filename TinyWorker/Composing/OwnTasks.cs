using System.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>A task of a composed troupe.</summary>
internal interface IOwnTask
{
    /// <summary>Whether a worker has it now. Takes no lock.</summary>
    bool IsRunning { get; }

    /// <summary>The composed troupe was aborted.</summary>
    void Abort();
}

/// <summary>
/// The tasks of a composed troupe that have not ended, and the counts of all. It keeps no task that has ended alive.
/// </summary>
/// <remarks>
/// A task is counted as ended before its end is published, and leaves in the same step. Something else says when the troupe is drained:
/// how many reasons there are to wait (<c>_reasons</c>). One stands until nobody can submit any more; one is for each task until its end is
/// published; others are added by who has one. A reason is added only while another stands that cannot go before it, so the
/// number reaches zero once.
/// </remarks>
internal sealed class OwnTasks
{
    private readonly Lock _lock = new();
    private readonly HashSet<IOwnTask> _living = [];   // guarded by _lock
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _accepted;    // guarded by _lock, as the next three
    private long _succeeded;
    private long _faulted;
    private long _canceled;
    private int _reasons = 1;
    private bool _isAborted;   // set once

    /// <summary>Ends when nobody can submit any more, and every task has ended.</summary>
    public Task Drained => _drained.Task;

    public bool IsAborted => Volatile.Read(ref _isAborted);

    /// <summary>One more reason to wait.</summary>
    public void Keep() => Interlocked.Increment(ref _reasons);

    /// <summary>A reason to wait is gone.</summary>
    public void Release()
    {
        Schedule.Point();
        if (Interlocked.Decrement(ref _reasons) == 0) WakeUps.Run(static drained => drained.TrySetResult(), _drained);
    }

    /// <summary>The troupe has accepted the task, for which there is a reason to wait already.</summary>
    public void Accept(IOwnTask task)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _accepted++;
            _living.Add(task);
        }
    }

    /// <summary>The task has ended; to be called before its end is published.</summary>
    public void Count(IOwnTask task, Failure? failure)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _living.Remove(task);
            if (failure is null) _succeeded++;
            else if (failure.IsCancellation) _canceled++;
            else _faulted++;
        }
    }

    /// <summary>No task begins any more. <see cref="Abort"/> is to follow.</summary>
    public void BeginAbort() => Interlocked.Exchange(ref _isAborted, true);

    /// <summary>Aborts every task that was accepted. Whoever accepts one later looks at <see cref="IsAborted"/> afterwards.</summary>
    public void Abort()
    {
        IOwnTask[] living;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock)) living = [.. _living];
        // Those that run last: else a worker that has stopped one of them might begin the next.
        foreach (var task in living.OrderBy(static task => task.IsRunning)) task.Abort();
    }

    public TroupeSnapshot Snapshot(string name, int capacity, IReadOnlyList<WorkerSnapshot> workers)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            var running = _living.Count(static task => task.IsRunning);
            return new TroupeSnapshot(
                name, capacity, _accepted, _living.Count - running, running, _succeeded, _faulted, _canceled, Abandoned: 0, workers);
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock() =>
        Debug.Assert(_accepted == _living.Count + _succeeded + _faulted + _canceled, "each task is counted once");
}
