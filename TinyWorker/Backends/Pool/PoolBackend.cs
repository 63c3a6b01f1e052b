namespace TinyWorker.Backends.Pool;

/// <summary>Asynchronous loops on the shared thread pool.</summary>
internal sealed class PoolBackend : Backend
{
    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new PoolExecutor();
}
