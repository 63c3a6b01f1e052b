using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

#pragma warning disable CA2016 // The token ends the reading, so that what was read is still hashed.
namespace TinyWorker.Hosting.Tests.Docs;

/// <summary>The first sample of docs/hosting.md and of the package's README.</summary>
internal static class HashesSample
{
    public static IHost Make(string[] args)
    {
        // <sample>
        var builder = Host.CreateApplicationBuilder(args);
        builder.Services.AddTinyTroupe<string, string, Hasher>("hashes", settings => settings.Workers = 2);
        builder.Services.AddHealthChecks().AddTinyTroupes();
        builder.Services.AddHostedService<Inbox>();
        // </sample>
        return builder.Build();
    }

    // <sample>
    // A worker, made by the container: each has a scope of its own
    internal sealed class Hasher(ILogger<Hasher> logger, WorkerInfo info) : TinyWorker<string, string>
    {
        public override string Call(string path, CancellationToken cancellationToken)
        {
            logger.LogDebug("Worker {Index} reads {Path}", info.Index, path);
            using var file = File.OpenRead(path);
            return Convert.ToHexString(SHA256.HashData(file));
        }
    }

    // Whoever needs the troupe
    internal sealed class Inbox([FromKeyedServices("hashes")] ITinyTroupe<string, string> hashes) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            var files = Directory.EnumerateFiles("inbox");
            await foreach (var hash in hashes.MapAsync(files, new() { StopReading = stoppingToken })) Console.WriteLine(hash);
        }
    }
    // </sample>
}
