using System.Runtime.InteropServices;
using System.Text.Json;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What the tasks of a host run in.</summary>
public enum HostBackEnd
{
    /// <summary>The thread pool.</summary>
    Pool,

    /// <summary>A thread each.</summary>
    Threads,

    /// <summary>A process each.</summary>
    Processes,
}

/// <summary>How a host process is made. <c>Broker</c> is a URI, or several with spaces between, one for each node.</summary>
public sealed record HostSettings(
    string Broker, string Troupe, HostBackEnd BackEnd = HostBackEnd.Pool, int Workers = 2, int? Prefetch = null, int SuspectAfter = 2,
    string? ContractVersion = null);

/// <summary>A host as a program: serves a troupe of jobs until SIGTERM. It writes "ready" once it takes tasks.</summary>
internal static class HostProgram
{
    public const string Name = "host";

    public static async Task<int> RunAsync(HostSettings settings)
    {
        using var stopping = new CancellationTokenSource();
        using var registration = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
        {
            context.Cancel = true;
            stopping.Cancel();
        });
        await using var troupe = settings.BackEnd switch
        {
            HostBackEnd.Threads => new TinyTroupe<Job, long>(
                static (job, token) => job.RunAsync(token).GetAwaiter().GetResult(),
                new ThreadTroupeOptions { Name = settings.Troupe, Workers = settings.Workers }),
            HostBackEnd.Processes => new TinyTroupe<Job, long>(
                static (job, token) => job.RunAsync(token),
                new ProcessTroupeOptions { Name = settings.Troupe, Workers = settings.Workers }),
            _ => new TinyTroupe<Job, long>(
                static (job, token) => job.RunAsync(token), new PoolTroupeOptions { Name = settings.Troupe, Workers = settings.Workers }),
        };
        await using var host = new RabbitTroupeHost<Job, long>(troupe, new RabbitHostOptions
        {
            Broker = BrokerText.Parse(settings.Broker),
            Prefetch = settings.Prefetch,
            SuspectAfter = settings.SuspectAfter,
            ContractVersion = settings.ContractVersion,
            LoggerFactory = StandardErrorLogs.Factory,
        });
        var run = host.RunAsync(stopping.Token);
        await Task.WhenAny(run, host.WhenReadyAsync(CancellationToken.None));
        if (!run.IsCompleted) Console.WriteLine("ready");
        await run;
        Console.WriteLine("stopped " + JsonSerializer.Serialize(host.Snapshot()));
        return 0;
    }
}
