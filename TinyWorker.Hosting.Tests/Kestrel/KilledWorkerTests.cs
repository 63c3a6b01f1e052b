using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>Requests whose worker processes are killed.</summary>
internal sealed class KilledWorkerTests
{
    private const int Workers = 2;
    private const int Clients = 8;

    private string _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = Directory.CreateTempSubdirectory("killed-workers-").FullName;

    [TearDown]
    public void DeleteFolder() => Directory.Delete(_folder, recursive: true);

    [TestCase(1, HttpStatusCode.BadGateway)]
    [TestCase(2, HttpStatusCode.OK)]
    public async Task Request_WhoseWorkerIsKilled_IsServedByAnotherIfItMayBeTriedTwice(int maxAttempts, HttpStatusCode status)
    {
        await using var site = await Site.StartAsync(
            services => services.AddTinyTroupe<(int X, string Folder), int>(
                "waiters",
                (_, options) => new TinyTroupe<(int X, string Folder), int>(WorkerDeaths.SquareOnceAllowedAsync, options),
                settings =>
                {
                    settings.Backend = TroupeBackend.Processes;
                    settings.Workers = Workers;
                    settings.MaxAttempts = maxAttempts;
                }),
            app => app.MapGet("squares/{x}", (int x, ITinyTroupe<(int X, string Folder), int> waiters, CancellationToken aborted) =>
                waiters.CallAsync((x, _folder), aborted)));
        var asked = site.GetAsync("squares/3");
        await Site.UntilAsync(() => WorkerDeaths.Attempts(_folder).Length == 1, "the task to run");

        WorkerDeaths.Kill(WorkerDeaths.Attempts(_folder).Single());
        await Site.UntilAsync(() => WorkerDeaths.Attempts(_folder).Length == maxAttempts, "the last attempt");
        WorkerDeaths.Allow(_folder);

        var answer = await asked;
        Assert.That(answer.Status, Is.EqualTo(status));
        if (status == HttpStatusCode.OK) Assert.That(answer.Text, Is.EqualTo("9"));
    }

    [TestCase(3, 0.0)]
    [TestCase(10, 1.0, Category = "Long")]
    public async Task Requests_WhileWorkersAreKilledUnderLoad_AreAllAnswered(int kills, double secondsBetween)
    {
        ConcurrentDictionary<int, Task> underWay = [];   // the end of each request, from before it is sent
        HashSet<int> processes = [];
        long asked;
        await using (var site = await Site.StartAsync(
            services => services.AddTinyTroupe<int, int>(
                "squares",
                (_, options) => new TinyTroupe<int, int>(WorkerDeaths.SlowlySquareAsync, options),
                settings =>
                {
                    settings.Backend = TroupeBackend.Processes;
                    settings.Workers = Workers;
                    settings.MaxAttempts = 2;
                }),
            app => app.MapGet("squares/{x}", (int x, ITinyTroupe<int, int> squares, CancellationToken aborted) =>
                squares.CallAsync(x, aborted))))
        {
            var troupe = site.Troupe<int, int>("squares");
            using var end = new CancellationTokenSource();
            var last = 0;
            var clients = Enumerable.Range(0, Clients).Select(_ => Task.Run(() => AskAsync())).ToArray();

            for (var kill = 0; kill < kills; kill++)
            {
                await Task.Delay(TimeSpan.FromSeconds(secondsBetween));
                await Site.UntilAsync(() => Collect(troupe, processes) == Workers, "all workers to be back");
                int? busy = null;
                await Site.UntilAsync(() => (busy = BusyProcess(troupe)) is not null, "a worker to run a task");
                WorkerDeaths.Kill(busy!.Value);

                // A task may lose one worker and no more. So the next kill waits until everything that this one may have hit has ended.
                await Task.WhenAll(underWay.Values).WaitAsync(Site.Deadline);
            }

            await end.CancelAsync();
            await Task.WhenAll(clients).WaitAsync(Site.Deadline);
            asked = last;
            var snapshot = troupe.Snapshot();
            Assert.That((snapshot.Accepted, snapshot.Succeeded), Is.EqualTo((asked, asked)));

            async Task AskAsync()
            {
                while (!end.IsCancellationRequested)
                {
                    var x = Interlocked.Increment(ref last);
                    var ended = new TaskCompletionSource();
                    underWay[x] = ended.Task;
                    try
                    {
                        var answer = await site.GetAsync($"squares/{x % 1000}");
                        Assert.That((answer.Status, answer.Text), Is.EqualTo((HttpStatusCode.OK, $"{x % 1000 * (x % 1000)}")));
                    }
                    finally
                    {
                        underWay.TryRemove(x, out _);
                        ended.SetResult();
                    }
                }
            }
        }

        Assert.That(asked, Is.GreaterThan(kills), "requests");
        Assert.That(processes, Has.Count.GreaterThan(Workers), "processes that have lived");
        Assert.That(processes.Where(WorkerDeaths.IsAlive), Is.Empty, "processes that the host has left behind");
    }

    private static int? BusyProcess(ITroupe troupe) =>
        troupe.Snapshot().Workers.FirstOrDefault(worker => worker is { State: WorkerState.Busy, ProcessId: not null })?.ProcessId;

    // How many workers live; their processes are remembered.
    private static int Collect(ITroupe troupe, HashSet<int> processes)
    {
        var living = troupe.Snapshot().Workers
            .Where(worker => worker.State is WorkerState.Idle or WorkerState.Busy)
            .Select(worker => worker.ProcessId).OfType<int>().ToArray();
        processes.UnionWith(living);
        return living.Length;
    }
}
