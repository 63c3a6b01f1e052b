namespace TinyWorker.Tests.Package;

internal sealed partial class InstalledPackageTests
{
    // The troupe is of processes: a worker must find the library in a web application, too.
    [Test]
    public async Task WebApplication_WithThePackages_HasATroupeItsHealthAndItsDashboard()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "Web")).FullName;
        WriteProject(
            folder, "Web", ["TinyWorker.Hosting", "TinyWorker.Dashboard"], "<OutputType>Exe</OutputType>", "Microsoft.NET.Sdk.Web");
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """
            using TinyWorker;
            using TinyWorker.Hosting;

            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Logging.ClearProviders();
            builder.Services.AddTinyTroupe<int, int>(
                "doublers", (services, options) => new(x => 2 * x, options),
                settings => (settings.Backend, settings.Workers) = (TroupeBackend.Processes, 1));
            builder.Services.AddHealthChecks().AddTinyTroupes();

            await using var app = builder.Build();
            app.MapGet("/double/{x}", (int x, ITinyTroupe<int, int> doublers, CancellationToken aborted) => doublers.CallAsync(x, aborted));
            app.MapHealthChecks("/health");
            app.MapTinyTroupes();
            await app.StartAsync();

            using var client = new HttpClient { BaseAddress = new(app.Urls.Single()) };
            foreach (var path in new[] { "double/21", "health" }) Console.WriteLine(await client.GetStringAsync(path));
            Console.WriteLine((await client.GetStringAsync("troupes/")).Contains("app.js"));
            Console.WriteLine((await client.GetStringAsync("troupes/state")).Contains("doublers"));
            await app.StopAsync();
            """);
        await Command.DotNetAsync(folder, Packages, "build", "-o", "out", "-warnaserror", "-warnnotaserror:NU1603");

        var output = await Command.DotNetAsync(folder, Packages, Path.Combine(folder, "out", "Web.dll"));
        Assert.That(output.Trim(), Is.EqualTo("42\nHealthy\nTrue\nTrue"));
    }
}
