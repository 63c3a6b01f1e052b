namespace TinyWorker.Workers.Executors;

/// <summary>A dedicated thread for each worker.</summary>
internal sealed class ThreadBackend(int maxStackSize, ThreadPriority priority) : Backend
{
    public override bool HasThreads => true;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new ThreadExecutor(worker.WorkerName, maxStackSize, priority);
}

/// <summary>Asynchronous loops on the shared thread pool.</summary>
internal sealed class PoolBackend : Backend
{
    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new PoolExecutor();
}

/// <summary>No threads: tasks run inside Submit, on the submitter's thread.</summary>
/// <param name="hasOneThread">Whether all tasks come from one thread of the library.</param>
internal sealed class InlineBackend(bool hasOneThread = false) : Backend
{
    public override bool RunsInSubmit => true;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new InlineExecutor(hasOneThread);

    public override void BeginSubmit() => InlineScope.Enter();

    public override void EndSubmit(Func<IWorkerExecutor, bool>? isRunning) => InlineScope.Leave(isRunning);
}
