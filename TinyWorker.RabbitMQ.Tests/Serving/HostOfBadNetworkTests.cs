using System.Collections.Concurrent;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A host whose connection is cut again and again.</summary>
[TestFixture]
public sealed class HostOfBadNetworkTests
{
    [Test]
    public async Task Connection_LostAndMadeAgainWhileTheHostStops_StillTellsTheSubmitterOfWhatEnds()
    {
        await using var proxy = new BrokerProxy(new Uri((await Brokers.UriAsync()).Split(' ')[0]).Port);
        await using var served = await ServedTroupe.StartAsync(options => options with { Broker = proxy.Uri });
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        var stop = served.Host.StopAsync(CancellationToken.None);
        await served.UntilAsync(static host => !host.IsConsuming, "the host to take none");

        proxy.Cut();
        await served.UntilAsync(static host => host is { Reconnects: 1, Connection: RabbitConnectionState.Ready }, "the connection");
        served.Open(-1);

        await Within.Time(stop, "the host to stop");
        Assert.That(await served.Submitter.ReplyAsync() is { TaskId: "running", Outcome: TaskOutcome.Ok }, Is.True);
    }

    [TestCase(1, 1, 256)]
    [TestCase(4, 1024, 20)]
    public async Task Connection_CutAgainAndAgainUnderLoad_LosesNothingAndLeavesNothingUnacknowledged(
        int workers, int capacity, int prefetch)
    {
        var uri = await Brokers.UriAsync();
        await using var proxy = new BrokerProxy(new Uri(uri.Split(' ')[0]).Port);
        var name = Brokers.NewTroupe();
        ConcurrentDictionary<int, int> runs = new();
        await using var local = new TinyTroupe<int, int>(
            async (input, token) =>
            {
                runs.AddOrUpdate(input, 1, static (_, count) => count + 1);
                await Task.Delay(input % 100 == 0 ? 500 : 1, token);
                return input * 10;
            },
            new PoolTroupeOptions { Name = name, Workers = workers, Capacity = capacity });
        await using var host = new RabbitTroupeHost<int, int>(local, new RabbitHostOptions { Broker = proxy.Uri, Prefetch = prefetch });
        var run = host.RunAsync(CancellationToken.None);
        await Within.Time(host.WhenReadyAsync(), "the host to take tasks");
        await using var submitter = new RabbitTroupe<int, int>(
            name, new RabbitTroupeOptions { Broker = uri, MaxInFlight = 512, Capacity = 64 });
        await Within.Time(submitter.WhenReadyAsync(), "the submitter to connect");

        using var isOver = new CancellationTokenSource(TimeSpan.FromSeconds(12));
        var cutting = Task.Run(async () =>
        {
            while (!isOver.IsCancellationRequested)
            {
                await Task.Delay(Random.Shared.Next(50, 900));
                proxy.Cut();
            }
        });
        List<TinyFuture<int>> futures = [];
        while (!isOver.IsCancellationRequested)
        {
            futures.Add(await Within.Time(submitter.SubmitAsync(futures.Count).AsTask(), "a task to be accepted"));
            if (futures.Count % 10 == 0) await Task.Delay(1);
        }

        await cutting;
        // How long it takes is the machine's affair: what would be wrong is that none ends any more.
        for (var ended = 0; ended < futures.Count;)
        {
            var before = ended;
            await Eventually.IsTrueAsync(
                () => (ended = futures.Count(static future => future.IsCompleted)) > before, () => $"another end after {ended}");
        }

        var results = futures.Select(static future => future.Result()).ToArray();

        Assert.That(results, Is.EqualTo(Enumerable.Range(0, results.Length).Select(static input => input * 10)));
        await Eventually.IsTrueAsync(() => host.Snapshot().Unacknowledged == 0, () => host.Snapshot().ToString());
        await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
        await Within.Time(run, "the run to end");
        await Probe.UntilQueueAsync(uri, "tw." + name, static messages => messages == 0, "all to be acknowledged");
        Assert.That(await Probe.MessagesAsync(uri, $"tw.{name}.dead"), Is.Zero);
        TestContext.Out.WriteLine($"{results.Length} tasks, {runs.Values.Sum()} runs, {host.Snapshot()}");
        Assert.That(runs.Values, Has.All.EqualTo(1), "what runs goes on without the connection, and what is remembered is not run again");
    }
}
