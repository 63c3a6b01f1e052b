using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Model;

[TestFixture]
public sealed class ThreadModel : TroupeModel
{
    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<ThreadTroupeOptions>(setup, clock);
}

/// <summary>The bodies wait asynchronously: the pool has too few threads for bodies that block.</summary>
[TestFixture]
public sealed class PoolModel : TroupeModel
{
    private protected override bool MayBlock => false;

    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<PoolTroupeOptions>(setup, clock);
}

/// <summary>The bodies do not wait: they run on the thread that runs the commands.</summary>
[TestFixture]
public sealed class InlineModel : TroupeModel
{
    private protected override bool CanWait => false;

    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<InlineTroupeOptions>(setup, clock);
}

/// <summary>Worker processes whose children are threads of this process.</summary>
[TestFixture]
public sealed class ProcessModel : TroupeModel
{
    private LoopbackLauncher _launcher = new();

    private protected override bool Prefetches => true;

    private protected override void CheckNothingIsLeft() => Assert.That(_launcher.Living, Is.Zero, "children that still live");

    // A bug of the troupe: it replaced the worker twice, because it took the new worker for used up.
    [Test]
    public void Worker_KilledDuringItsLastAllowedTask_IsReplacedOnce() => Run(
        new(1, 1, null, 2, true),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.IgnoresToken),
        new Command.Cancel(0),
        new Command.Advance(12));

    [Test]
    public void Worker_ThatReplacesAKilledOne_MayHaveAsManyTasks() => Run(
        new(1, 1, null, 2, true),
        new Command.Submit(Body.IgnoresToken),
        new Command.Cancel(0),
        new Command.Advance(12),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.Returns));

    // A bug of the model: it counted the replacement as made while its process was still starting. A disposal kills such a process.
    [Test]
    public void Dispose_AfterAWorkerWasKilled_DisposesTheOtherWorkers() => Run(
        new(2, 1, 10),
        new Command.Submit(Body.IgnoresToken),
        new Command.Advance(11),
        new Command.Advance(8));

    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock)
    {
        _launcher = new LoopbackLauncher();
        return new ProcessTroupeOptions
        {
            Workers = setup.Workers, Capacity = setup.Capacity, MaxTasksPerWorker = setup.MaxTasks, TimeProvider = clock,
            TaskTimeout = setup.TaskTimeout, CancellationGrace = setup.CancellationGrace, Launcher = _launcher,
            MaxAttempts = setup.Attempts, RetryWhen = setup.RetryWhen,
        };
    }
}
