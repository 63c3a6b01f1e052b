using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>A service that is restarted under load, as a deployment does it: SIGTERM, wait for the end, start the next.</summary>
[Platform(Exclude = "Win", Reason = "there is no SIGTERM")]
internal sealed class RestartTests
{
    private const int Clients = 16;
    private const int AnswersOfAnInstance = 100;
    private const int HeldOfAnInstance = 2;   // fewer than the service has workers for

    private static readonly TimeSpan PauseOfAClient = TimeSpan.FromMilliseconds(20);

    private readonly List<Process> _processes = [];
    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("restarts-").FullName;

    [TearDown]
    public void EndAll()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
            process.Dispose();
        }

        _processes.Clear();
        Directory.Delete(_folder, recursive: true);
    }

    [TestCase(0)]
    [TestCase(2, Category = "Long")]
    public async Task Service_RestartedUnderLoad_LosesNoRequestThatItHasBegun(int restarts)
    {
        using var http = new HttpClient { Timeout = Site.Deadline };
        http.DefaultRequestHeaders.ConnectionClose = true;
        using var end = new CancellationTokenSource();
        ConcurrentDictionary<string, bool> answered = [];   // by attempt: whether with a result
        ConcurrentBag<string> unanswered = [];              // attempts that were refused or cut off
        var served = 0;
        var lastId = 0;
        Uri? address = null;
        Task[] clients = [];

        for (var instance = 0; instance <= restarts; instance++)
        {
            var (service, url) = await StartAsync(Path.Combine(_folder, $"ledger {instance}"));
            Volatile.Write(ref address, url);
            if (instance == 0) clients = [.. Enumerable.Range(0, Clients).Select(_ => Task.Run(AskAllAsync))];

            // Some requests are surely in flight when the signal comes, besides those of the clients.
            var held = Enumerable.Range(0, HeldOfAnInstance).Select(_ => AskAsync(RestartedService.UntilStopped)).ToArray();
            var enough = Volatile.Read(ref served) + AnswersOfAnInstance;
            await Site.UntilAsync(() => Volatile.Read(ref served) >= enough, "the service to answer");
            if (instance == restarts)
            {
                await end.CancelAsync();
                await Task.WhenAll(clients).WaitAsync(Site.Deadline);
            }

            Terminate(service);
            await service.WaitForExitAsync().WaitAsync(Site.Deadline);

            var said = (await service.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.That(service.ExitCode, Is.Zero, await service.StandardError.ReadToEndAsync());
            Assert.That(said.Select(line => line.Split(' ')[0]), Is.EqualTo(new[] { "squares", "texts" }));
            Assert.That(said.Select(line => line.Split(' ')).Where(line => line[1] != line[2]), Is.Empty, "tasks accepted, and done");
            await Task.WhenAll(held).WaitAsync(Site.Deadline);
        }

        var ledger = Enumerable.Range(0, restarts + 1)
            .SelectMany(instance => File.ReadAllLines(Path.Combine(_folder, $"ledger {instance}"))).ToLookup(
                line => line.Split(' ')[0], line => line.Split(' ')[1]);
        Assert.That(ledger["begun"].Intersect(unanswered), Is.Empty, "requests that the service has begun and not answered");
        Assert.That(
            answered.Where(attempt => attempt.Value).Select(attempt => attempt.Key), Is.EquivalentTo(ledger["done"]),
            "what the clients know to be done, and what the service has done");
        Assert.That(served, Is.EqualTo(lastId), "each request has one result in the end");
        TestContext.Out.WriteLine(
            $"{served} requests were served, {answered.Count - served} answered 503, {unanswered.Count} refused and sent again");

        async Task AskAllAsync()
        {
            while (!end.IsCancellationRequested) await AskAsync(1 + Random.Shared.Next(100));
        }

        // One request, which is sent again until it has a result.
        async Task AskAsync(int x)
        {
            var id = Interlocked.Increment(ref lastId);
            for (var attempt = 1; ; attempt++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{id}-{attempt}");
                try
                {
                    using var response = await http.GetAsync(new Uri(Volatile.Read(ref address)!, $"{name}/{x}"));
                    Assert.That(response.StatusCode, Is.AnyOf(HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable));
                    answered[name] = response.StatusCode == HttpStatusCode.OK;
                    if (response.StatusCode == HttpStatusCode.OK)
                    {
                        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo(RestartedService.Text(x * x)));
                        Interlocked.Increment(ref served);
                        return;
                    }
                }
                catch (HttpRequestException)
                {
                    unanswered.Add(name);
                }

                await Task.Delay(PauseOfAClient);
            }
        }
    }

    private async Task<(Process Service, Uri Address)> StartAsync(string ledger)
    {
        var dotnet = Path.GetFullPath("../../../dotnet", RuntimeEnvironment.GetRuntimeDirectory());
        var service = Process.Start(new ProcessStartInfo(dotnet, [typeof(Program).Assembly.Location, RestartedService.Name, ledger])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _processes.Add(service);
        using var patience = new CancellationTokenSource(Site.Deadline);
        var line = await service.StandardOutput.ReadLineAsync(patience.Token)
            ?? throw new AssertionException("The service did not start: " + await service.StandardError.ReadToEndAsync(patience.Token));
        return (service, new Uri(line));
    }

    private static void Terminate(Process process)
    {
        using var kill = Process.Start("kill", ["-TERM", "--", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
