using TinyWorker.Workers;
using TinyWorker.Workers.Executors;

namespace TinyWorker.Processes.Parent;

/// <summary>
/// Workers in child processes. Their loops, which only write and read here, have a thread each and block it: so what comes from a child
/// wakes whom it is for, and no one else.
/// </summary>
internal sealed class ProcessBackend : Backend
{
    public override RestartPolicy Restarts => RestartPolicy.ChildProcess;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) =>
        new ThreadExecutor(worker.WorkerName, maxStackSize: 0, ThreadPriority.Normal);
}
