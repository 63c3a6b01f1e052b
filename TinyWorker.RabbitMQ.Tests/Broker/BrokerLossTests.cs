using Microsoft.Extensions.Logging;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

/// <summary>A broker that dies, stops, hangs or is full, under a connection.</summary>
[NonParallelizable]
public sealed class BrokerLossTests
{
    [Test]
    public async Task BrokerKilledUnderLoadAndStartedAgain_ConnectionIsBackAndNothingStoredIsGone()
    {
        var node = await Brokers.FragileAsync();
        ConfirmingPublisher publisher = null!;
        await using var test = new TestConnection(
            node.Uri, async (session, cancelled) => Volatile.Write(ref publisher, await session.OpenPublisherAsync(cancelled)));
        await test.ReadyAsync();
        Assert.That(test.WasMissing);
        // A queue that was declared a moment before the broker is killed may come back without a leader for good.
        await node.StopAsync();
        await node.StartAsync();
        await test.UntilAsync(() => test.Connection is { Reconnects: >= 1, State: RabbitConnectionState.Ready }, "the connection");
        Assert.That(test.WasMissing, Is.False);

        // Each is published again until it is stored.
        const int count = 3000;
        var (stored, isOver) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var lost = 0;
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestMessage[] messages = [];
        messages = [.. Enumerable.Range(0, count).Select(i => new TestMessage(test.Topology.Tasks, "", $"m{i}")
        {
            OnEnd = outcome =>
            {
                if (outcome == PublishOutcome.Stored)
                {
                    var sum = Interlocked.Increment(ref stored);
                    if (sum == 200) started.SetResult();
                    if (sum == count) isOver.SetResult();
                    return;
                }

                Interlocked.Increment(ref lost);
                _ = AgainAsync(i);
            },
        })];
        var publishing = Task.Run(() =>
        {
            foreach (var message in messages) Volatile.Read(ref publisher).Publish(message);
        });
        await Within.Time(started.Task, "the first confirms");
        await node.KillAsync();
        await test.UntilAsync(() => test.Connection.State != RabbitConnectionState.Ready, "the loss");
        Assert.That(test.Connection.LastError, Is.Not.Null);
        await node.StartAsync();
        var session = await test.ReadyAsync();
        await Within.Time(publishing);
        try
        {
            await Within.Time(isOver.Task, "the confirms of all", RabbitNode.Patience);
        }
        catch
        {
            var all = messages.SelectMany(message => message.Outcomes).CountBy(outcome => outcome);
            Assert.Fail(
                $"{stored} stored, {lost} not, outstanding {publisher.Outstanding}, {test.Connection.State}, {string.Join(", ", all)}\n" +
                string.Join('\n', test.LogLines()) + node.LogTail());
        }

        Assert.That(test.WasMissing, Is.False);
        Assert.That(test.Connection.Reconnects, Is.GreaterThanOrEqualTo(2));
        Assert.That(lost, Is.Positive);
        Assert.That(messages.Sum(message => message.Outcomes.Count), Is.EqualTo(count + lost));

        var there = new HashSet<string>();
        var channel = await session.OpenChannelAsync(0, default);
        while (await channel.BasicGetAsync(test.Topology.Tasks, autoAck: true) is { } message)
            there.Add(message.BasicProperties.MessageId!);
        Assert.That(there, Has.Count.EqualTo(count));

        async Task AgainAsync(int index)
        {
            await test.UntilAsync(
                () => test.Connection.Current is { Ended.IsCancellationRequested: false } || isOver.Task.IsCompleted, "another session");
            Volatile.Read(ref publisher).Publish(messages[index]);
        }
    }

    [Test]
    public async Task BrokerStoppedInOrderAndStartedAgain_ConnectionIsBack()
    {
        var node = await Brokers.FragileAsync();
        await using var test = new TestConnection(node.Uri, lostAfter: TimeSpan.FromMilliseconds(500));
        await test.ReadyAsync();
        await node.StopAsync();
        await test.UntilAsync(() => test.Connection.Outage is BrokerUnavailableException, "the outage");
        Assert.That(
            async () => await test.Connection.WhenReadyAsync(default), Throws.InstanceOf<BrokerUnavailableException>());
        await node.StartAsync();
        await test.UntilAsync(() => test.Connection is { Outage: null, State: RabbitConnectionState.Ready }, "the connection");
        await test.ReadyAsync();
        Assert.That(test.Connection.LastError, Is.Null);
        Assert.That(test.LogLines(LogLevel.Error), Is.Empty, "a broker that stops and starts refuses nothing for good");
    }

    [Test]
    public async Task BrokerOutOfMemory_PublicationsWaitAndEndAsStored()
    {
        var node = await Brokers.FragileAsync();
        await using var test = new TestConnection(node.Uri);
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        await node.CtlAsync("set_vm_memory_high_watermark", "0.0000001");
        try
        {
            var messages = new List<TestMessage>();
            // The broker says that it blocks a connection when that publishes.
            var blocked = test.UntilAsync(() => test.Connection.State == RabbitConnectionState.Blocked, "the block");
            while (!blocked.IsCompleted)
            {
                messages.Add(new TestMessage(test.Topology.Tasks, "", $"m{messages.Count}"));
                publisher.Publish(messages[^1]);
                await Task.WhenAny(messages[^1].Ended, blocked);
            }

            await blocked;

            Assert.That(test.Connection.Current, Is.SameAs(session));
            Assert.That(test.Connection.Outage, Is.Null);
            await Within.Time(test.Connection.WhenReadyAsync(default));
            for (var i = 0; i < 500; i++)
            {
                messages.Add(new TestMessage(test.Topology.Tasks, "", $"m{messages.Count}"));
                publisher.Publish(messages[^1]);
            }

            await node.CtlAsync("set_vm_memory_high_watermark", "0.6");
            await test.UntilAsync(() => test.Connection.State == RabbitConnectionState.Ready, "the end of the block");
            await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the confirms");
            Assert.That(messages.Select(message => message.Outcomes), Has.All.EqualTo(new[] { PublishOutcome.Stored }));
            Assert.That(session.Ended.IsCancellationRequested, Is.False);
            Assert.That(test.LogLines(LogLevel.Warning), Has.Some.Contains("takes nothing"));
        }
        finally
        {
            await node.CtlAsync("set_vm_memory_high_watermark", "0.6");
        }
    }

    [Test]
    public async Task Dispose_WhileBlocked_EndsWithinSecondsAndWithItAllThatWaits()
    {
        var node = await Brokers.FragileAsync();
        var test = new TestConnection(node.Uri);
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        await node.CtlAsync("set_vm_memory_high_watermark", "0.0000001");
        try
        {
            var messages = Enumerable.Range(0, 5000).Select(i => new TestMessage(test.Topology.Tasks, "", $"m{i}", size: 10_000)).ToArray();
            foreach (var message in messages) publisher.Publish(message);
            await test.UntilAsync(() => test.Connection.State == RabbitConnectionState.Blocked, "the block");
            await Within.Time(test.DisposeAsync().AsTask(), "the disposal", TimeSpan.FromSeconds(5));
            await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the ends");
            Assert.That(messages.Select(message => message.Outcomes.Count), Has.All.EqualTo(1));
            Assert.That(test.Connection.State, Is.EqualTo(RabbitConnectionState.Closed));
        }
        finally
        {
            await node.CtlAsync("set_vm_memory_high_watermark", "0.6");
        }
    }

    [Test]
    [Category("Long")]
    public async Task BrokerThatHangs_IsNoticedByHeartbeatsAndTheConnectionComesBackWithIt()
    {
        var node = await Brokers.FragileAsync();
        await using var test = new TestConnection(node.Uri);
        var session = await test.ReadyAsync();
        node.Suspend();
        await Within.Time(session.WhenEndedAsync(), "the heartbeats", TimeSpan.FromSeconds(60));
        node.Continue();
        await test.UntilAsync(() => test.Connection is { Reconnects: 1, State: RabbitConnectionState.Ready }, "the connection");
    }

    [TearDown]
    public async Task RestoreAsync()
    {
        var node = await Brokers.FragileAsync();
        node.Continue();
    }
}
