using System.Diagnostics;
using NUnit.Framework.Constraints;
using TinyWorker.Tests.Contract;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>The back-end of the worker processes, over the wire, with children whose bodies share this process's memory.</summary>
[OtherMemoryFixture]
public sealed partial class LoopbackContract : BackgroundTroupeContract
{
    private static readonly Func<IPayloadSerializer> ByReference = static () => new LoopbackLauncher.ByReference();

    private LoopbackLauncher _launcher = new();

    protected override int TriesAtStart => 3;

    [SetUp]
    public void NewLauncher() => _launcher = new LoopbackLauncher();

    [TearDown]
    public void Children_AreGone() => Assert.That(_launcher.Living, Is.Zero, "a troupe that was disposed has left no child");

    protected override TinyTroupeOptions Options(Settings settings) => new ProcessTroupeOptions
    {
        Name = settings.Name, Workers = settings.Workers, Capacity = settings.Capacity, TaskTimeout = settings.TaskTimeout, CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker, LoggerFactory = settings.Loggers, TimeProvider = settings.Clock,
        Launcher = _launcher, Serializer = ByReference,
    };

    // A start that is aborted is killed, which a thread only notices when it comes to speak to its parent.
    protected override void WaitForTheKilled() => _launcher.Join();

    // Rebuilt of what was sent.
    protected override IResolveConstraint IsThat(Exception ofTheWorker) => Is.TypeOf(ofTheWorker.GetType()).And.Message.EqualTo(ofTheWorker.Message);

    // One that stands in for it.
    protected override IResolveConstraint IsThat(Activity ofTheSubmitter) =>
        Has.Property(nameof(Activity.ParentId)).EqualTo(ofTheSubmitter.Id).And.Property(nameof(Activity.OperationName)).EqualTo(ofTheSubmitter.OperationName);

    // Killed, and then gone.
    protected override (int[] Events, string Reason) GivenUp => ([9, 11], "lost");

    // Killed: so nothing is abandoned.
    protected override void AssertLostOneWorker(TroupeSnapshot now, bool isReplaced) =>
        Assert.That((now.Abandoned, now.Workers[0].Restarts), Is.EqualTo((0, isReplaced ? 1 : 0)));
}
