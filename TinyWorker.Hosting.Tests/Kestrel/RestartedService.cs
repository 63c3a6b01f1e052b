using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using TinyWorker.Examples.Web;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>
/// A service in a process of its own, with a chain of two troupes, that a test ends with a signal. It writes into its ledger what it has
/// begun and what it has done, and to its output where it listens and what became of its tasks. It ends when its input ends, so that it
/// never outlives the test.
/// </summary>
internal static class RestartedService
{
    public const string Name = "serve";

    /// <summary>The input whose task ends only when the service has been told to stop.</summary>
    public const int UntilStopped = 0;

    public static async Task RunAsync(string ledgerPath)
    {
        using var ledger = TextWriter.Synchronized(new StreamWriter(ledgerPath) { AutoFlush = true });
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddProblemDetails();
        builder.Services.AddExceptionHandler<TroupeExceptionHandler>();
        builder.Services.AddTinyTroupe<int, int>(
            "squares",
            async (services, x, token) =>
            {
                if (x == UntilStopped) await UntilStoppingAsync(services.GetRequiredService<IHostApplicationLifetime>(), token);
                await Task.Delay(TimeSpan.FromMilliseconds(20), token);   // stands for work
                return x * x;
            },
            settings =>
            {
                settings.Workers = 4;
                settings.Capacity = 4;
            });
        builder.Services.AddTinyTroupe<int, string>(
            "texts",
            (_, options) => new TinyTroupe<int, string>(Text, options),
            settings =>
            {
                settings.Backend = TroupeBackend.Processes;
                settings.Workers = 1;
            });
        await using var app = builder.Build();
        app.UseExceptionHandler();
        app.MapGet("{id}/{x}", async (
            string id, int x, ITinyTroupe<int, int> squares, ITinyTroupe<int, string> texts, CancellationToken aborted) =>
        {
            await ledger.WriteLineAsync("begun " + id);
            var text = await texts.CallAsync(await squares.CallAsync(x, aborted), aborted);
            await ledger.WriteLineAsync("done " + id);
            return text;
        });
        ITroupe[] troupes =
        [
            app.Services.GetRequiredKeyedService<ITinyTroupe<int, int>>("squares"),
            app.Services.GetRequiredKeyedService<ITinyTroupe<int, string>>("texts"),
        ];

        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        var orphaned = Task.Run(async () =>
        {
            while (await Console.In.ReadLineAsync() is not null)
            {
            }
        });
        if (await Task.WhenAny(orphaned, app.WaitForShutdownAsync()) == orphaned) await app.StopAsync();
        foreach (var snapshot in troupes.Select(troupe => troupe.Snapshot()))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{snapshot.Name} {snapshot.Accepted} {snapshot.Succeeded}"));
    }

    public static string Text(int x) => string.Create(CultureInfo.InvariantCulture, $"<{x}>");

    private static async Task UntilStoppingAsync(IHostApplicationLifetime lifetime, CancellationToken token)
    {
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(token);
    }
}
