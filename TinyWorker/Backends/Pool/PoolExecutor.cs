using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Pool;

/// <summary>Runs one worker loop on the shared pool: it holds no thread while it waits.</summary>
internal sealed class PoolExecutor : IWorkerExecutor, IThreadPoolWorkItem
{
    private Action? _next;   // set while the pool has it: the loop has one continuation at a time

    public bool MaySpin => false;   // a thread of the pool that has nothing to do spins by itself

    public void Start(Func<Task> loop) => Schedule.Queue(static start => start(), loop, preferLocal: false);

    public bool Post(Action continuation)
    {
        Debug.Assert(_next is null, "the loop waits in one place at a time");
        _next = continuation;
        Schedule.Queue(this, preferLocal: true);
        return true;
    }

    public void TaskWasTaken()
    {
    }

    public void Join()
    {
    }

    void IThreadPoolWorkItem.Execute()
    {
        var next = _next!;
        _next = null;
        next();
    }
}
