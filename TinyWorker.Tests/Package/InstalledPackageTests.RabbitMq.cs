namespace TinyWorker.Tests.Package;

internal sealed partial class InstalledPackageTests
{
    // What a program can do without a broker: say that there is none, in time.
    [Test]
    public async Task Program_WithThePackagesForRabbitMq_SaysThatThereIsNoBroker()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "Remote")).FullName;
        WriteProject(folder, "Remote", ["TinyWorker.RabbitMQ.Hosting"], "<OutputType>Exe</OutputType>");
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), """
            using System.Net.Sockets;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;
            using TinyWorker;
            using TinyWorker.Hosting;
            using TinyWorker.RabbitMQ;
            using TinyWorker.RabbitMQ.Hosting;

            // Bound, and never listened at: no other process gets the port, and every connection is refused.
            using var held = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            held.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
            var broker = $"amqp://127.0.0.1:{((System.Net.IPEndPoint)held.LocalEndPoint!).Port}/";

            await using (var troupe = new RabbitTroupe<int, int>(
                "squares", new() { Broker = broker, BrokerLostAfter = TimeSpan.FromSeconds(1) }))
            {
                await PrintAsync("troupe", () => troupe.CallAsync(1).AsTask());
            }

            await using (var workers = new TinyTroupe<int, int>(x => x * x, new ThreadTroupeOptions { Name = "squares" }))
            await using (var server = new RabbitTroupeHost<int, int>(
                workers, new() { Broker = broker, BrokerLostAfter = TimeSpan.FromSeconds(1) }))
            {
                using var stopping = new CancellationTokenSource();
                var serving = server.RunAsync(stopping.Token);
                await PrintAsync("host", () => server.WhenReadyAsync());
                stopping.Cancel();
                await serving.WaitAsync(TimeSpan.FromSeconds(60));
            }

            var builder = Host.CreateApplicationBuilder();
            builder.Services.AddRabbitTroupe<int, int>(
                "squares", settings => (settings.Broker, settings.BrokerLostAfter) = (broker, TimeSpan.FromSeconds(1)));
            using var application = builder.Build();
            await PrintAsync("application", () => application.StartAsync());

            static async Task PrintAsync(string what, Func<Task> step)
            {
                try
                {
                    await step().WaitAsync(TimeSpan.FromSeconds(60));
                    Console.WriteLine($"== {what}: none");
                }
                catch (Exception e)
                {
                    Console.WriteLine($"== {what}: {e.GetType().Name}: {e.Message}");
                }
            }
            """);
        await Command.DotNetAsync(folder, Packages, "build", "-o", "out", "-warnaserror", "-warnnotaserror:NU1603");

        var output = await Command.DotNetAsync(folder, Packages, Path.Combine(folder, "out", "Remote.dll"));
        foreach (var what in new[] { "troupe", "host", "application" })
        {
            Assert.That(output, Does.Contain($"== {what}: BrokerUnavailableException: No broker for 'squares' could be reached at "));
        }
    }
}
