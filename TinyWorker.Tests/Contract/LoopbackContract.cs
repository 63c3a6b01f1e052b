using System.Diagnostics;
using NUnit.Framework.Constraints;
using TinyWorker.Tests.Processes.Loopback;

namespace TinyWorker.Tests.Contract;

/// <summary>The back-end of worker processes, over the wire, with children that share this process's memory.</summary>
[OtherMemoryFixture]
public sealed partial class LoopbackContract : BackgroundTroupeContract
{
    private static readonly Func<IPayloadSerializer> ByReference = static () => new LoopbackLauncher.ByReference();

    private LoopbackLauncher _launcher = new();

    protected override int TriesAtStart => 3;

    protected override bool WorkersAreKilled => true;

    [SetUp]
    public void NewLauncher() => _launcher = new LoopbackLauncher();

    [TearDown]
    public void Children_AreGone()
    {
        // Of a test that has failed, NUnit would tell only what is asserted here.
        if (TestContext.CurrentContext.Result.Outcome.Status == NUnit.Framework.Interfaces.TestStatus.Failed) return;
        Assert.That(_launcher.Living, Is.Zero, "a troupe that was disposed has left no child");
    }

    protected override TinyTroupeOptions Backend => new ProcessTroupeOptions { Launcher = _launcher, Serializer = ByReference };

    // A child that is killed during its start is a thread, which notices that only when it next uses its connection.
    protected override void WaitForTheKilled() => _launcher.Join();

    // The exception is rebuilt from what was sent.
    protected override IResolveConstraint IsThat(Exception ofTheWorker) =>
        Is.TypeOf(ofTheWorker.GetType()).And.Message.EqualTo(ofTheWorker.Message);

    // The child has another activity, whose parent is the submitter's.
    protected override IResolveConstraint IsThat(Activity ofTheSubmitter) =>
        Has.Property(nameof(Activity.ParentId)).EqualTo(ofTheSubmitter.Id)
            .And.Property(nameof(Activity.OperationName)).EqualTo(ofTheSubmitter.OperationName);

    protected override bool KillsHungWorkers => true;

    // The child is killed, and then lost.
    protected override (int[] Events, string Reason) AbandonedWorker => ([9, 11], "killed");

    // The child is killed: nothing is abandoned.
    protected override void AssertLostOneWorker(TroupeSnapshot now, bool isReplaced) =>
        Assert.That((now.Abandoned, now.Workers[0].Restarts), Is.EqualTo((0, isReplaced ? 1 : 0)));
}
