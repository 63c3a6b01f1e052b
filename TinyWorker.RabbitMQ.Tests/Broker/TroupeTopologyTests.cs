using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class TroupeTopologyTests
{
    [Test]
    public async Task Ensure_TheFirstTime_DeclaresAllAndASecondTimeFindsIt()
    {
        await using var test = new TestConnection(await Brokers.UriAsync(), queue: new() { MaxLength = 100, Replicas = 5 });
        var session = await test.ReadyAsync();
        Assert.That(test.WasMissing);
        Assert.That(await test.Topology.EnsureAsync(session, default), Is.False);
        Assert.That(await test.Topology.CountAsync(session, default), Is.EqualTo(new QueueCounts(0, 0, 0, 0)));
        Assert.That(test.LogLines(LogLevel.Warning), Is.Empty, "what it declared itself differs in nothing");
    }

    [Test]
    public async Task Ensure_WithAnotherQueueThere_TakesItAndLogsEachDifference()
    {
        await using var first = new TestConnection(await Brokers.UriAsync(), queue: new() { MaxLength = 100, DeliveryLimit = 7 });
        await first.ReadyAsync();
        await using var second = new TestConnection(
            await Brokers.UriAsync(), troupe: first.Troupe, queue: new() { DeliveryLimit = 9, Replicas = 1 });
        var session = await second.ReadyAsync();
        Assert.That(second.WasMissing, Is.False);
        var line = second.LogLines(LogLevel.Warning).Single(each => each.Contains($"'{first.Topology.Tasks}'", StringComparison.Ordinal));
        Assert.That(line, Does.Contain("x-max-length").And.Contain("'100'").And.Contain("x-quorum-initial-group-size").And.Contain("'1'"));
        await second.Topology.EnsureAsync(session, default);
        Assert.That(second.LogLines(LogLevel.Warning).Count(each => each == line), Is.EqualTo(1), "it is said once");
    }

    [Test]
    public async Task Ensure_WithABindingGone_BindsAgain()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await session.AskAsync(
            async (channel, cancelled) =>
            {
                await channel.QueueUnbindAsync(test.Topology.Tasks, test.Topology.Tasks, "", cancellationToken: cancelled);
                return true;
            },
            default);
        Assert.That(await OutcomeAsync(session, test.Topology.Tasks, ""), Is.EqualTo(PublishOutcome.Returned));
        Assert.That(await test.Topology.EnsureAsync(session, default), Is.False);
        Assert.That(await OutcomeAsync(session, test.Topology.Tasks, ""), Is.EqualTo(PublishOutcome.Stored));
    }

    [Test]
    public async Task Ensure_WithTheExchangeGone_DeclaresAndBindsAgain()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await session.AskAsync(
            async (channel, cancelled) =>
            {
                await channel.ExchangeDeleteAsync(test.Topology.Tasks, cancellationToken: cancelled);
                return true;
            },
            default);
        Assert.That(await test.Topology.EnsureAsync(session, default), Is.False);
        Assert.That(await OutcomeAsync(session, test.Topology.Tasks, ""), Is.EqualTo(PublishOutcome.Stored));
    }

    [Test]
    public async Task Ensure_WithAnExchangeOfAnotherType_Throws()
    {
        await using var test = new TestConnection(await Brokers.UriAsync()) { Declares = false };
        var session = await test.ReadyAsync();
        await session.AskAsync(
            async (channel, cancelled) =>
            {
                await channel.ExchangeDeclareAsync(test.Topology.Dead, ExchangeType.Direct, durable: true, cancellationToken: cancelled);
                return true;
            },
            default);
        await test.Topology.EnsureAsync(session, default); // it makes the queues
        var error = await Assert.ThrowsAsync<RabbitTopologyException>(() => test.Topology.EnsureAsync(session, default));
        Assert.That(error!.Message, Does.Contain($"'{test.Topology.Dead}'").And.Contain("direct").And.Contain("topic"));
    }

    [Test]
    public async Task MissingQueueOfTasks_IsNewsAtEachReplyQueueOnce()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var replies = new[] { test.Topology.Replies("a"), test.Topology.Replies("b") };
        foreach (var queue in replies)
        {
            Assert.That(await test.Topology.EnsureRepliesAsync(session, queue, TimeSpan.FromMinutes(5), default));
            Assert.That(await test.Topology.EnsureRepliesAsync(session, queue, TimeSpan.FromMinutes(5), default), Is.False);
        }

        await test.Topology.EnsureAsync(session, default);
        await session.AskAsync(
            (channel, cancelled) => channel.QueueDeleteAsync(test.Topology.Tasks, cancellationToken: cancelled), default);
        Assert.That(await test.Topology.EnsureAsync(session, default));
        var channel = await session.OpenChannelAsync(0, default);
        foreach (var queue in replies)
        {
            Assert.That((await channel.BasicGetAsync(queue, autoAck: true))?.Exchange, Is.EqualTo(test.Topology.News));
            Assert.That(await channel.BasicGetAsync(queue, autoAck: true), Is.Null);
        }
    }

    [Test]
    public async Task DeadLetter_OfATaskWithAReplyQueue_ReachesBoth()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var replies = test.Topology.Replies("a");
        await test.Topology.EnsureRepliesAsync(session, replies, TimeSpan.FromMinutes(5), default);
        Assert.That(await OutcomeAsync(session, test.Topology.Tasks, replies), Is.EqualTo(PublishOutcome.Stored));
        var channel = await session.OpenChannelAsync(0, default);
        var task = await channel.BasicGetAsync(test.Topology.Tasks, autoAck: false);
        await channel.BasicNackAsync(task!.DeliveryTag, multiple: false, requeue: false);
        foreach (var queue in new[] { replies, test.Topology.Dead })
        {
            BasicGetResult? dead = null;
            while (dead is null) dead = await Within.Time(channel.BasicGetAsync(queue, autoAck: true));
            Assert.That(dead.BasicProperties.MessageId, Is.EqualTo("m"));
        }
    }

    [Test]
    public async Task ControlQueue_OfEachHost_GetsWhatIsSentToTheExchange()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var queues = new[]
        {
            await test.Topology.EnsureControlQueueAsync(session, default), await test.Topology.EnsureControlQueueAsync(session, default),
        };
        Assert.That(queues, Is.Unique);
        Assert.That(await OutcomeAsync(session, test.Topology.Control, ""), Is.EqualTo(PublishOutcome.Stored));
        var channel = await session.OpenChannelAsync(0, default);
        foreach (var queue in queues) Assert.That(await channel.BasicGetAsync(queue, autoAck: true), Is.Not.Null);
    }

    private static async Task<PublishOutcome> OutcomeAsync(BrokerSession session, string exchange, string key)
    {
        var message = new TestMessage(exchange, key, "m");
        var publisher = await session.OpenPublisherAsync(default);
        publisher.Publish(message);
        var outcome = await Within.Time(message.Ended);
        publisher.Close();
        return outcome;
    }
}
