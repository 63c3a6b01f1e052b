using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Tests.Hosting;

/// <summary>A host as an application: serves a troupe of jobs until SIGTERM. It writes "ready" once it takes tasks.</summary>
internal static class HostedProgram
{
    public const string Name = "hosted";

    public static async Task<int> RunAsync(HostSettings settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services.AddTinyTroupe<Job, long>(
            settings.Troupe, static (_, job, token) => job.RunAsync(token), options => options.Workers = settings.Workers);
        builder.Services.AddRabbitTroupeHost<Job, long>(
            settings.Troupe, options => (options.Broker, options.Prefetch) = (BrokerText.Parse(settings.Broker), settings.Prefetch));
        builder.Services.AddSingleton<ILoggerFactory>(StandardErrorLogs.Factory);
        builder.Services.AddSingleton<IHostLifetime, Microsoft.Extensions.Hosting.Internal.ConsoleLifetime>();
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
        return 0;
    }
}
