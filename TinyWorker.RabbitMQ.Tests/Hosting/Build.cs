using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace TinyWorker.RabbitMQ.Tests.Hosting;

/// <summary>Hosts for tests: with nothing of the machine's own in their configuration.</summary>
internal static class Build
{
    /// <summary>A host, not started. Its scopes are validated, as they are in Development.</summary>
    public static IHost Host(Action<IServiceCollection> services, params (string Key, string? Value)[] configuration)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new() { EnvironmentName = "Development" });
        builder.Configuration.AddInMemoryCollection(configuration.ToDictionary(each => each.Key, each => each.Value));
        builder.Services.AddSingleton<FakeLogCollector>();
        builder.Services.AddSingleton<ILoggerProvider, FakeLoggerProvider>();
        builder.Logging.SetMinimumLevel(LogLevel.Debug);
        services(builder.Services);
        return builder.Build();
    }

    public static IReadOnlyList<FakeLogRecord> Records(this IHost host) =>
        host.Services.GetRequiredService<FakeLogCollector>().GetSnapshot();

    /// <summary>The error of a start that must fail.</summary>
    public static async Task<Exception> FailingStartAsync(this IHost host)
    {
        using (host)
        {
            try
            {
                await Within.Time(host.StartAsync());
            }
            catch (Exception e)
            {
                return e;
            }

            await Within.Time(host.StopAsync());
            throw new AssertionException("The host has started.");
        }
    }
}
