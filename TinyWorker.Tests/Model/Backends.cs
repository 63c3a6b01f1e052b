using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Model;

[TestFixture]
public sealed class ThreadModel : TroupeModel
{
    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<ThreadTroupeOptions>(setup, clock);
}

/// <summary>Its bodies wait asynchronously: the pool has too few threads for those that block.</summary>
[TestFixture]
public sealed class PoolModel : TroupeModel
{
    private protected override bool MayBlock => false;

    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<PoolTroupeOptions>(setup, clock);
}

/// <summary>Its bodies do not wait: they run in the thread that plays.</summary>
[TestFixture]
public sealed class InlineModel : TroupeModel
{
    private protected override bool CanWait => false;

    private protected override TinyTroupeOptions Options(Setup setup, TimeProvider clock) => Common<InlineTroupeOptions>(setup, clock);
}

/// <summary>Worker processes, with children that are threads of this process.</summary>
[TestFixture]
public sealed class ProcessModel : TroupeModel
{
    private LoopbackLauncher _launcher = new();

    private protected override bool HandsAhead => true;

    private protected override void CheckLeft() => Assert.That(_launcher.Living, Is.Zero, "children that are left");

    // It was replaced twice: the fresh one was taken for used up.
    [Test]
    public void Worker_KilledWithTheLastTaskThatItMayHave_IsReplacedOnce() => Play(
        new(1, 1, null, 2, true),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.IgnoresToken),
        new Command.Cancel(0),
        new Command.Advance(12));

    [Test]
    public void Worker_InThePlaceOfOneThatWasKilled_MayHaveAsManyTasks() => Play(
        new(1, 1, null, 2, true),
        new Command.Submit(Body.IgnoresToken),
        new Command.Cancel(0),
        new Command.Advance(12),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.Returns),
        new Command.Submit(Body.Returns));

    // At first the model took the replacement for made while its process was starting; a disposal kills it then.
    [Test]
    public void Dispose_AfterAWorkerWasKilled_DisposesTheOthers() => Play(
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
        };
    }
}
