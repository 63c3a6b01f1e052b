using TinyWorker.Tests.Contract;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>The back-end of the worker processes, over the wire, with children whose bodies share this process's memory.</summary>
[OtherMemoryFixture]
public sealed class LoopbackContract : BackgroundTroupeContract
{
    private static readonly Func<IPayloadSerializer> ByReference = static () => new LoopbackLauncher.ByReference();

    protected override TinyTroupeOptions Options(Settings settings) => new ProcessTroupeOptions
    {
        Name = settings.Name, Workers = settings.Workers, Capacity = settings.Capacity, TaskTimeout = settings.TaskTimeout, CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker, LoggerFactory = settings.Loggers, TimeProvider = settings.Clock,
        Launcher = new LoopbackLauncher(), Serializer = ByReference,
    };
}
