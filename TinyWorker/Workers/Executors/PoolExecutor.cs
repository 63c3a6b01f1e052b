using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Workers.Executors;

/// <summary>Runs one worker loop on the shared pool: it holds no thread while it waits.</summary>
internal sealed class PoolExecutor : IWorkerExecutor, IThreadPoolWorkItem
{
    private Action? _next;                // set while the pool has it: the loop has one continuation at a time
    private ThreadLeftovers _leftovers;   // of the thread that runs the continuation
    private long _ranAt;                  // in milliseconds: when the last continuation was run

    public bool MaySpin => false;   // a thread of the pool that has nothing to do spins by itself

    public void Start(Func<Task> loop) => Post(() => _ = loop());

    /// <remarks>
    /// The step goes to the common queue of the pool. From the local queue of the waking thread it would be run when that thread is done
    /// with what it does now, or when another thread of the pool finds nothing else to do: neither may ever happen.
    /// </remarks>
    public bool Post(Action continuation)
    {
        Debug.Assert(_next is null, "the loop waits in one place at a time");
        _next = continuation;
        Schedule.Queue(this, preferLocal: false);
        return true;
    }

    public void TaskHasEnded() => _leftovers.TaskHasEnded();

    public void TaskWasTaken()
    {
    }

    public void Join()
    {
    }

    public bool HasThreadEnded => true;

    void IThreadPoolWorkItem.Execute()
    {
        var next = _next!;
        _next = null;
        _leftovers.Begin();
        var now = Environment.TickCount64;
        if (now != _ranAt) _leftovers.HasRested();   // about
        _ranAt = now;
        next();
    }
}
