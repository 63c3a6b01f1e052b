using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class AcknowledgerTests
{
    [Test]
    public async Task Ack_OfAllInAnyOrderByManyThreads_LeavesNothingInTheQueue()
    {
        const int count = 5000;
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await FillAsync(test, session, count);
        var channel = await session.OpenChannelAsync(512, default);
        var acknowledger = session.OpenAcknowledger(channel);
        var (seen, done) = (0, new TaskCompletionSource());
        await session.ConsumeAsync(
            channel, test.Topology.Tasks, exclusive: false,
            (tag, _, _, _, _, _) =>
            {
                // The pool puts them into another order.
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        acknowledger.Ack(tag);
                        if (Interlocked.Increment(ref seen) == count) done.SetResult();
                    },
                    null);
                return default;
            },
            default);
        await Within.Time(done.Task, "the deliveries", RabbitNode.Patience);
        await LeftAsync(test, session, channel, acknowledger, []);
    }

    [Test]
    public async Task Nack_BetweenAcknowledgedOnes_GivesBackThoseAlone()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await FillAsync(test, session, 30);
        var channel = await session.OpenChannelAsync(0, default);
        var acknowledger = session.OpenAcknowledger(channel);
        List<ulong> tags = [];
        while (await channel.BasicGetAsync(test.Topology.Tasks, autoAck: false) is { } message) tags.Add(message.DeliveryTag);
        Assert.That(tags, Has.Count.EqualTo(30));
        foreach (var tag in tags.AsEnumerable().Reverse())
        {
            if (tag % 7 == 0) acknowledger.Nack(tag, requeue: true);
            else acknowledger.Ack(tag);
        }

        await LeftAsync(test, session, channel, acknowledger, ["m6", "m13", "m20", "m27"]);
    }

    // While the first one is not settled, each of the others is a command of its own: many more than a channel sends to a queue at a time.
    [Test]
    public async Task Flush_AfterManyAcknowledgementsOneByOne_LosesNoneWithTheChannel()
    {
        const int Count = 2000;
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await FillAsync(test, session, Count);
        var channel = await session.OpenChannelAsync(0, default);
        var acknowledger = session.OpenAcknowledger(channel);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await session.ConsumeAsync(
            channel, test.Topology.Tasks, exclusive: false,
            (tag, _, _, _, _, _) =>
            {
                if (tag == Count) done.SetResult();
                return default;
            },
            default);
        await Within.Time(done.Task, "the deliveries", RabbitNode.Patience);

        for (var tag = 2ul; tag <= Count; tag++) acknowledger.Ack(tag);

        await LeftAsync(test, session, channel, acknowledger, ["m0"]);
    }

    [Test]
    public async Task Nack_WithoutRequeue_MakesADeadLetter()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        await FillAsync(test, session, 1);
        var channel = await session.OpenChannelAsync(0, default);
        var message = await channel.BasicGetAsync(test.Topology.Tasks, autoAck: false);
        session.OpenAcknowledger(channel).Nack(message!.DeliveryTag, requeue: false);
        BasicGetResult? dead = null;
        while (dead is null) dead = await Within.Time(channel.BasicGetAsync(test.Topology.Dead, autoAck: true));
        Assert.That(dead.BasicProperties.MessageId, Is.EqualTo("m0"));
    }

    [Test]
    public async Task Flush_AfterTheEndOfTheSession_EndsAtOnce()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var acknowledger = session.OpenAcknowledger(await session.OpenChannelAsync(0, default));
        session.Fail(new IOException("by the test"));
        for (var i = 0; i < 100; i++)
        {
            acknowledger.Ack(1);
            await Within.Time(acknowledger.FlushAsync(default));
        }
    }

    private static async Task FillAsync(TestConnection test, BrokerSession session, int count)
    {
        var publisher = await session.OpenPublisherAsync(default);
        var messages = Enumerable.Range(0, count).Select(i => new TestMessage(test.Topology.Tasks, "", $"m{i}")).ToArray();
        foreach (var message in messages) publisher.Publish(message);
        var outcomes = await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)));
        Assert.That(outcomes, Has.All.EqualTo(PublishOutcome.Stored));
    }

    // What was acknowledged does not come back when the channel is closed.
    private static async Task LeftAsync(
        TestConnection test, BrokerSession session, IChannel channel, Acknowledger acknowledger, string[] expected)
    {
        await Within.Time(acknowledger.FlushAsync(default));
        await channel.CloseAsync();
        var other = await session.OpenChannelAsync(0, default);
        List<string> left = [];
        for (var misses = 0; misses < 20;)
        {
            if (await other.BasicGetAsync(test.Topology.Tasks, autoAck: true) is { } message) left.Add(message.BasicProperties.MessageId!);
            else misses++;
        }

        Assert.That(left, Is.EquivalentTo(expected));
    }
}
