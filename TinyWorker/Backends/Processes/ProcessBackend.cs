using TinyWorker.Backends.Pool;

namespace TinyWorker.Backends.Processes;

/// <summary>Workers in child processes. Their loops, which only write and read here, are asynchronous ones on the shared pool.</summary>
internal sealed class ProcessBackend : Backend
{
    /// <summary>A start can fail because of what goes on outside this process.</summary>
    public override int TriesAtStart => TriesAtReplacement;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new PoolExecutor();

    public override TimeSpan PauseBefore(int restart) => RestartPause.Before(restart);
}
