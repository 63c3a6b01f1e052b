using TinyWorker.Processes.Parent.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>What happens between the start of a child and its first task.</summary>
internal sealed class StartTests
{
    [Test]
    public async Task Function_ThatTheChildCannotRebuild_BreaksTheTroupeWithTheReason()
    {
        var launcher = new AlteringLauncher { Describing = _ => new byte[16] };
        var troupe = Troupe(launcher);
        var broken = troupe.Submit(1);
        Within.Until(() => broken.IsCompleted, "the end of a task");
        Assert.That(broken.Exception, Is.TypeOf<WorkerStartException>().With.InnerException.TypeOf<KeyNotFoundException>());
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Function_OfAnotherTypeThanTheWorkers_BreaksTheTroupeWithTheReason()
    {
        var other = new LoopbackLauncher().Describe((string text) => text, "function");
        var troupe = Troupe(new AlteringLauncher { Describing = _ => other });
        var broken = troupe.Submit(1);
        Within.Until(() => broken.IsCompleted, "the end of a task");
        Assert.That(broken.Exception, Is.TypeOf<WorkerStartException>().With.InnerException.TypeOf<InvalidCastException>());
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    [Test]
    public async Task Connection_WithASmallBuffer_GetsRoomForAllThatIsPrefetched()
    {
        var launcher = new AlteringLauncher { Starting = child => child.Data.SendBufferSize = 1024 };
        var troupe = Troupe(launcher);
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(launcher.Inner.Children.Single().Data.SendBufferSize, Is.GreaterThanOrEqualTo(128 * 1024));
        await Within.Time(troupe.DisposeAsync().AsTask());
    }

    private static TinyTroupe<int, int> Troupe(IChildLauncher launcher) =>
        new(x => x, new ProcessTroupeOptions { Workers = 1, Launcher = launcher });

    private sealed class AlteringLauncher : IChildLauncher
    {
        public LoopbackLauncher Inner { get; } = new();

        public Func<byte[], byte[]> Describing { get; init; } = static function => function;

        public Action<ILaunchedChild> Starting { get; init; } = static _ => { };

        public byte[] Describe(Delegate function, string parameterName) => Describing(Inner.Describe(function, parameterName));

        public async Task<ILaunchedChild> StartAsync(ChildStart start, CancellationToken cancellationToken)
        {
            var child = await Inner.StartAsync(start, cancellationToken);
            Starting(child);
            return child;
        }
    }
}
