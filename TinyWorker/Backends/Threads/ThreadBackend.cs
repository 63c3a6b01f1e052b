namespace TinyWorker.Backends.Threads;

/// <summary>A dedicated thread for each worker.</summary>
internal sealed class ThreadBackend(int maxStackSize, ThreadPriority priority) : Backend
{
    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new ThreadExecutor(worker.WorkerName, maxStackSize, priority);
}
