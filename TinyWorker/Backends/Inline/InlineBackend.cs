namespace TinyWorker.Backends.Inline;

/// <summary>No threads of its own: tasks run inside Submit.</summary>
internal sealed class InlineBackend : Backend
{
    public override bool RunsInSubmit => true;

    public override IWorkerExecutor MakeExecutor(WorkerInfo worker) => new InlineExecutor();

    public override void Submitting() => InlineScope.Enter();

    public override void Submitted(Func<IWorkerExecutor, bool>? isRunning) => InlineScope.Leave(isRunning);
}
