namespace TinyWorker.Backends.Pool;

/// <summary>Runs one worker loop on the shared pool: it holds no thread while it waits.</summary>
internal sealed class PoolExecutor : IWorkerExecutor
{
    public SynchronizationContext? Context => null;

    public int SpinRounds => 0;   // a thread of the pool that has nothing to do spins by itself

    public void Start(Func<Task> loop) => ThreadPool.UnsafeQueueUserWorkItem(static start => start(), loop, preferLocal: false);

    public void Post(Action continuation) =>
        ThreadPool.UnsafeQueueUserWorkItem(static action => action(), continuation, preferLocal: true);

    public void Join()
    {
    }
}
