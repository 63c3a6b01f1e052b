using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A submitter and a host under what nobody should do to them.</summary>
public sealed class HostileUseTests
{
    [TestCase("a b")]
    [TestCase("ünï-日本")]
    [TestCase("#")]
    [TestCase("*.#.*")]
    [TestCase("a/b\\c?d%2f")]
    [TestCase("180")]
    public async Task Name_OfAnyKind_IsServed(string kind)
    {
        var name = kind == "180" ? new string('n', 150) + Guid.NewGuid().ToString("N")[..30] : $"{kind}{Guid.NewGuid():N}.{kind}";
        await using var local = new TinyTroupe<int, int>(static i => i + 1, new PoolTroupeOptions { Name = name });
        var uri = await Brokers.UriAsync();
        await using var host = new RabbitTroupeHost<int, int>(local, new() { Broker = uri });
        _ = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<int, int>(name, new() { Broker = uri });
        Assert.That(await Within.Time(troupe.Submit(1).AsTask()), Is.EqualTo(2));
    }

    [Test]
    public async Task Connection_CutAllTheTimeUnderLoad_EndsEachTaskOnceWithItsResult()
    {
        var node = await Brokers.SharedAsync();
        var name = Brokers.NewTroupe();
        await using var proxy = new BrokerProxy(node.Port);
        await using var local = new TinyTroupe<int, int>(static i => i + 1, new PoolTroupeOptions { Name = name });
        await using var host = new RabbitTroupeHost<int, int>(local, new() { Broker = proxy.Uri });
        _ = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<int, int>(name, new() { Broker = proxy.Uri, MaxInFlight = 64 });
        await Within.Time(troupe.WhenReadyAsync());
        using var end = new CancellationTokenSource();
        var cutting = Task.Run(async () =>
        {
            while (!end.IsCancellationRequested)
            {
                await Task.Delay(Random.Shared.Next(50, 700));
                proxy.Cut();
            }
        });
        try
        {
            var futures = Enumerable.Range(0, 2000).Select(i => troupe.SubmitAsync(i).AsTask()).ToArray();
            for (var i = 0; i < futures.Length; i++)
            {
                var future = await Within.Time(futures[i], "a place");
                try
                {
                    Assert.That(await future.AsTask().WaitAsync(TimeSpan.FromSeconds(60)), Is.EqualTo(i + 1));
                }
                catch (TimeoutException)
                {
                    await end.CancelAsync();
                    await cutting;
                    await Task.Delay(5000);
                    Assert.Fail($"{i}: {troupe.Explain()}\n{host.Snapshot()}");
                }
            }
        }
        finally
        {
            await end.CancelAsync();
            await cutting;
            TestContext.Progress.WriteLine($"{troupe.Broker}");
        }
    }

    [Test]
    public async Task Slot_OneOfOne_FromManyThreadsWithCancelsAndDeadlines_EndsEachTaskOnce()
    {
        var name = Brokers.NewTroupe();
        var uri = await Brokers.UriAsync();
        await using var local = new TinyTroupe<int, int>(static i => i + 1, new PoolTroupeOptions { Name = name });
        await using var host = new RabbitTroupeHost<int, int>(local, new() { Broker = uri });
        _ = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<int, int>(
            name, new() { Broker = uri, MaxInFlight = 1, Capacity = 1, CancellationGrace = TimeSpan.FromMilliseconds(20) });
        await Within.Time(troupe.WhenReadyAsync());
        var (right, ended) = (0, 0);
        var threads = Enumerable.Range(0, 16).Select(thread => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < 40; i++)
                {
                    using var cancelling = new CancellationTokenSource();
                    try
                    {
                        var options = i % 4 == 0 ? new SubmitOptions { Deadline = TimeSpan.FromMilliseconds(1) } : new SubmitOptions();
                        var future = troupe.Submit(i, options, cancelling.Token);
                        if (i % 4 == 1) cancelling.CancelAfter(Random.Shared.Next(0, 4));
                        if (future.AsTask().WaitAsync(TimeSpan.FromSeconds(60)).GetAwaiter().GetResult() == i + 1)
                            Interlocked.Increment(ref right);
                    }
                    catch (Exception e) when ((i % 4 == 1 && e is OperationCanceledException) || (i % 4 == 0 && e is TimeoutException))
                    {
                    }

                    Interlocked.Increment(ref ended);
                }
            },
            TaskCreationOptions.LongRunning)).ToArray();
        await Task.WhenAll(threads).WaitAsync(TimeSpan.FromSeconds(120));
        Assert.That(ended, Is.EqualTo(640));
        Assert.That(right, Is.GreaterThanOrEqualTo(320));
        var now = troupe.Snapshot();
        Assert.That(now.Accepted, Is.EqualTo(now.Succeeded + now.Faulted + now.Canceled));
    }

    [Test]
    public async Task Messages_ThatNoTinyWorkerWrites_EndNoSessionOnEitherSide()
    {
        var name = Brokers.NewTroupe();
        var uri = await Brokers.UriAsync();
        await using var local = new TinyTroupe<int, int>(static i => i + 1, new PoolTroupeOptions { Name = name });
        await using var host = new RabbitTroupeHost<int, int>(local, new() { Broker = uri });
        _ = host.RunAsync(CancellationToken.None);
        await using var troupe = new RabbitTroupe<int, int>(name, new() { Broker = uri });
        Assert.That(await Within.Time(troupe.Submit(1).AsTask()), Is.EqualTo(2));
        var replies = troupe.Broker.ReplyQueue!;
        await using var connection = await Probe.ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        object?[] values =
        [
            null, 1e300, "x", 5L, true, new byte[] { 255, 254 }, new List<object?> { 1, null }, new Dictionary<string, object?>(),
            new AmqpTimestamp(long.MaxValue),
        ];
        (string, string)[] places =
        [
            ("", replies), ($"tw.{name}.dead", replies), ("tw." + name, replies), ("tw." + name, ""), ($"tw.{name}.suspects", replies),
            ($"tw.{name}.control", ""), ($"tw.{name}.news", ""),
        ];
        var client = replies.Split('.')[^1];
        string?[] ids = [null, "", "x", "9999999999999999999999", client + ".99999999999999", client + ".-1"];
        string[] headers =
        [
            MessageHeaders.Outcome, MessageHeaders.Before, MessageHeaders.Deadline, MessageHeaders.Contract, MessageHeaders.TraceParent,
            MessageHeaders.Baggage, MessageHeaders.Timeout, MessageHeaders.Error, MessageHeaders.Resent,
        ];
        var sent = 0;
        foreach (var value in values)
        {
            foreach (var (exchange, key) in places)
            {
                foreach (var id in ids)
                {
                    var properties = new BasicProperties { Headers = headers.ToDictionary(header => header, _ => value) };
                    if (id is not null) properties.MessageId = properties.CorrelationId = id;
                    if (sent % 3 == 0) properties.ReplyTo = replies;
                    await channel.BasicPublishAsync(exchange, key, false, properties, sent % 2 == 0 ? [] : new byte[] { 120, 121 });
                    sent++;
                }
            }
        }

        for (var i = 0; i < 100; i++) Assert.That(await Within.Time(troupe.Submit(i).AsTask()), Is.EqualTo(i + 1));
        TestContext.Progress.WriteLine($"{sent} sent; {troupe.Broker}; {host.Snapshot()}");
        Assert.That(troupe.Broker.Reconnects, Is.Zero, $"{troupe.Broker.LastError}");
        Assert.That(host.Snapshot().Reconnects, Is.Zero, $"{host.Snapshot().LastError}");
        await Probe.UntilQueueAsync(uri, "tw." + name, messages => messages == 0, "an empty queue");
        await Probe.UntilQueueAsync(uri, $"tw.{name}.suspects", messages => messages == 0, "an empty queue");
        var letters = 0;
        await foreach (var letter in new RabbitDeadLetters(name, uri).ReadAsync()) letters++;
        TestContext.Progress.WriteLine($"{letters} letters");
    }

    [Test]
    public async Task Troupes_MadeAndDisposedAtOnce_LeaveNoConnection()
    {
        var node = await Brokers.SharedAsync();
        var name = Brokers.NewTroupe();
        var living = TinyTroupes.Living.Count(troupe => troupe.Name == name);
        await Parallel.ForAsync(0, 150, new ParallelOptions { MaxDegreeOfParallelism = 30 }, async (i, _) =>
        {
            var troupe = new RabbitTroupe<int, int>(name, new() { Broker = node.Uri, MaxInFlight = 4 });
            if (i % 3 == 0) await troupe.WhenReadyAsync(CancellationToken.None);
            if (i % 3 == 1) await Task.Delay(Random.Shared.Next(300));
            if (i % 5 == 0)
            {
                var future = troupe.Submit(1);
                troupe.Abort();
            }

            await troupe.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));
        });
        var connections = await node.CtlAsync("list_connections", "client_properties");
        Assert.That(connections, Does.Not.Contain($"submitter of {name} "));
        Assert.That(TinyTroupes.Living.Count(troupe => troupe.Name == name), Is.Zero);
    }

    [Test]
    public async Task Troupe_Dropped_EndsItsConnection([Values(8, 1024)] int maxInFlight, [Values] bool isLookedAt)
    {
        var side = await DropAsync(await Brokers.UriAsync(), Brokers.NewTroupe(), isLookedAt, maxInFlight);
        await Eventually.IsTrueAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return side.Ended.IsCompleted;
            },
            () => "the end of a troupe that was dropped");

        static async Task<Submitting.SubmittingSide> DropAsync(string uri, string name, bool isLookedAt, int maxInFlight)
        {
            var troupe = new RabbitTroupe<int, int>(name, new() { Broker = uri, MaxInFlight = maxInFlight });
            await Within.Time(troupe.WhenReadyAsync());
            if (isLookedAt) Assert.That($"{troupe.Broker} {troupe.Explain()} {troupe}", Does.Contain(name));
            return troupe.Side;
        }
    }
}
