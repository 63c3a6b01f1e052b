using TinyWorker.Backends.Threads;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// Workers in child processes. Their loops, which only write and read here, have a thread each and block it: so what comes from a child wakes
/// whom it is for, and no one else.
/// </summary>
internal sealed class ProcessBackend : Backend
{
    /// <summary>A start can fail because of what goes on outside this process.</summary>
    public override int TriesAtStart => TriesAtReplacement;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new ThreadExecutor(worker.WorkerName, maxStackSize: 0, ThreadPriority.Normal);

    public override TimeSpan PauseBefore(int restart) => RestartPause.Before(restart);
}
