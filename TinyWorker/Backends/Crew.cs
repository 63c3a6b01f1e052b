using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// All worker loops of a troupe, and their one owner: starts them, replaces those that were given up, and knows when the last has left.
/// </summary>
internal sealed class Crew<TIn, TOut>
{
    private readonly TinyTroupe<TIn, TOut> _troupe;
    private readonly Lock _lock = new();
    private readonly WorkerLoop<TIn, TOut>[] _loops;                   // by index; an element is replaced under _lock
    private readonly HashSet<WorkerLoop<TIn, TOut>> _present = [];     // guarded by _lock: neither left nor given up
    private readonly List<WorkerLoop<TIn, TOut>> _left = [];           // guarded by _lock: to be joined at the end
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _made;
    private int _abandoned;      // guarded by _lock
    private bool _isEnding;      // guarded by _lock; set once, when no more work can come

    public Crew(TinyTroupe<TIn, TOut> troupe, int count)
    {
        _troupe = troupe;
        _loops = new WorkerLoop<TIn, TOut>[count];
    }

    /// <summary>Ends when every worker of the start has been made; faults when one could not be.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Ends when no more work can come and every loop that was not given up has left.</summary>
    public Task Gone => _gone.Task;

    public int Abandoned
    {
        get
        {
            lock (_lock) return _abandoned;
        }
    }

    public WorkerLoop<TIn, TOut>[] Loops
    {
        get
        {
            lock (_lock) return [.. _loops];
        }
    }

    /// <summary>Makes every loop first and starts them then: a loop that breaks the troupe at once finds them all.</summary>
    public void Start()
    {
        lock (_lock)
        {
            for (var i = 0; i < _loops.Length; i++)
            {
                var info = new WorkerInfo(_troupe.Name, i, _loops.Length, 0);
                _present.Add(_loops[i] = new WorkerLoop<TIn, TOut>(_troupe, info, new WorkerTally(), _troupe.Backend.TriesAtStart));
            }
        }

        foreach (var loop in Loops) StartOrBreak(loop);
    }

    public void Made()
    {
        Schedule.Point();
        if (Interlocked.Increment(ref _made) == _loops.Length) _ready.TrySetResult();
    }

    /// <summary>A worker could not be made.</summary>
    public void Broken(Exception cause)
    {
        _ready.TrySetException(cause);
        _ = _ready.Task.Exception;   // seen: nobody needs to ask for it
    }

    /// <summary>A loop does not come back from the user's code: a fresh one takes its place, unless no more work can come.</summary>
    public void Abandon(WorkerLoop<TIn, TOut> loop)
    {
        WorkerLoop<TIn, TOut>? fresh = null;
        Schedule.Point();
        lock (_lock)
        {
            if (!_present.Remove(loop)) return;   // never: the phases of its ladder let a loop be given up or leave, and once
            _abandoned++;
            if (!_isEnding && _troupe.Verdict is null)
            {
                var info = loop.Info with { Restarts = loop.Restarts + 1 };
                fresh = new WorkerLoop<TIn, TOut>(_troupe, info, loop.Tally, Backend.TriesAtReplacement);
                _loops[info.Index] = fresh;
                _present.Add(fresh);
            }
        }

        if (fresh is not null)
        {
            _troupe.NoteReplacement(fresh.Info, RestartReason.Abandoned);
            StartOrBreak(fresh);
        }

        NoticeGone();
    }

    /// <summary>A loop has ended. One that was given up does not count.</summary>
    public void Left(WorkerLoop<TIn, TOut> loop)
    {
        Schedule.Point();
        lock (_lock)
        {
            if (!_present.Remove(loop)) return;   // as above
            _left.Add(loop);
        }

        NoticeGone();
    }

    /// <summary>Asks a running task to stop, wherever it runs. False if it runs nowhere any more, or was asked before.</summary>
    public bool TryCancel(WorkItem<TIn, TOut> item)
    {
        // Without the lock: the loop of a running task has been in its place since before the task started.
        for (var i = 0; i < _loops.Length; i++)
            if (Volatile.Read(ref _loops[i]).TryCancel(item)) return true;
        return false;
    }

    /// <summary>Waits for those who are just taking an item. Who comes later has seen what the caller wrote before.</summary>
    public void WaitForTakers()
    {
        Interlocked.MemoryBarrierProcessWide();   // so that the loops, which take a million times as often, need no fence
        foreach (var loop in Loops)
            for (var spin = default(SpinWait); loop.IsTaking;) spin.SpinOnce(sleep1Threshold: -1);
    }

    /// <summary>Whether the task runs there.</summary>
    public bool IsRunning(WorkItem<TIn, TOut> item, IWorkerExecutor executor) =>
        Array.Exists(Loops, loop => loop.IsRunning(item, executor));

    public void Abort()
    {
        foreach (var loop in Loops) loop.Abort();
        RecallHanded();
    }

    /// <summary>Asks the workers elsewhere to give back what they have not begun.</summary>
    public void RecallHanded()
    {
        foreach (var loop in Loops) loop.RecallHanded();
    }

    /// <summary>No more work can come.</summary>
    public void End()
    {
        Schedule.Point();
        lock (_lock) _isEnding = true;
        _ready.TrySetException(new ObjectDisposedException(_troupe.Name, "The troupe was stopped before every worker had been made."));
        _ = _ready.Task.Exception;
        NoticeGone();
    }

    /// <summary>Waits for what the executors of the loops that have left still hold: threads in their last lines.</summary>
    public void Join()
    {
        WorkerLoop<TIn, TOut>[] left;
        lock (_lock) left = [.. _left];
        foreach (var loop in left) loop.Join();
    }

    private void StartOrBreak(WorkerLoop<TIn, TOut> loop)
    {
        try
        {
            loop.Start();
        }
        catch (Exception e)
        {
            // The system gave no thread.
            lock (_lock) _present.Remove(loop);
            _troupe.Break(new WorkerStartException(loop.Info, 1, e));
            NoticeGone();
        }
    }

    private void NoticeGone()
    {
        Schedule.Point();
        lock (_lock)
        {
            if (!_isEnding || _present.Count > 0) return;
        }

        _troupe.NoteGone();
        _gone.TrySetResult();
    }
}
