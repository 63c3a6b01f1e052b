namespace TinyWorker.Tests.Contract;

[TestFixture]
public sealed partial class ThreadContract : BackgroundTroupeContract
{
    protected override TinyTroupeOptions Options(Settings settings) => new ThreadTroupeOptions
    {
        Name = settings.Name, Workers = settings.Workers, Capacity = settings.Capacity, TaskTimeout = settings.TaskTimeout, CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker, LoggerFactory = settings.Loggers, TimeProvider = settings.Clock,
    };
}

[TestFixture]
public sealed class PoolContract : BackgroundTroupeContract
{
    protected override TinyTroupeOptions Options(Settings settings) => new PoolTroupeOptions
    {
        Name = settings.Name, Workers = settings.Workers, Capacity = settings.Capacity, TaskTimeout = settings.TaskTimeout, CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker, LoggerFactory = settings.Loggers, TimeProvider = settings.Clock,
    };
}

[TestFixture]
public sealed partial class InlineContract : TroupeContract
{
    protected override TinyTroupeOptions Options(Settings settings) => new InlineTroupeOptions
    {
        Name = settings.Name, Workers = settings.Workers, Capacity = settings.Capacity, TaskTimeout = settings.TaskTimeout, CancellationGrace = settings.Grace,
        MaxTasksPerWorker = settings.MaxTasksPerWorker, LoggerFactory = settings.Loggers, TimeProvider = settings.Clock,
    };
}
