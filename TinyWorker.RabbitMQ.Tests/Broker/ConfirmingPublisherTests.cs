using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

public sealed class ConfirmingPublisherTests
{
    [Test]
    public async Task Publish_TenThousandFromSixteenThreads_StoresEachOnce()
    {
        const int count = 10_000;
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        var messages = Messages(test, count);
        await PublishAsync(publisher, messages);
        await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the confirms", RabbitNode.Patience);
        Assert.That(messages.Select(message => message.Outcomes), Has.All.EqualTo(new[] { PublishOutcome.Stored }));
        Assert.That(publisher.Outstanding, Is.Zero);
        var there = await DrainAsync(session, test.Topology.Tasks);
        Assert.That(there, Is.EquivalentTo(messages.Select(message => message.Properties.MessageId)));
    }

    [Test]
    public async Task Publish_WhereNoQueueTakesIt_IsReturnedAndItsNeighboursAreStored()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var publisher = await (await test.ReadyAsync()).OpenPublisherAsync(default);
        var messages = Enumerable.Range(0, 300)
            .Select(i => i % 3 == 0
                ? new TestMessage("", "tw.nobody." + test.Troupe, $"m{i}")
                : new TestMessage(test.Topology.Tasks, "", $"m{i}"))
            .ToArray();
        foreach (var message in messages) publisher.Publish(message);
        await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the confirms");
        Assert.That(
            messages.Select(message => message.Outcomes.Single()),
            Is.EqualTo(messages.Select(message => message.Exchange.Length == 0 ? PublishOutcome.Returned : PublishOutcome.Stored)));
    }

    [Test]
    public async Task Publish_BeyondTheMaximumLengthOfTheQueue_IsRejected()
    {
        await using var test = new TestConnection(await Brokers.UriAsync(), queue: new() { MaxLength = 10 });
        var publisher = await (await test.ReadyAsync()).OpenPublisherAsync(default);
        // Quorum queues look at their length from time to time: they take some more than the limit.
        var outcomes = new List<PublishOutcome>();
        for (var i = 0; i < 200; i++)
        {
            var message = new TestMessage(test.Topology.Tasks, "", $"m{i}");
            publisher.Publish(message);
            outcomes.Add(await Within.Time(message.Ended));
        }

        Assert.That(outcomes[0], Is.EqualTo(PublishOutcome.Stored));
        Assert.That(outcomes[^1], Is.EqualTo(PublishOutcome.Rejected));
        Assert.That(outcomes.Count(outcome => outcome == PublishOutcome.Stored), Is.InRange(10, 100));
        Assert.That(test.Connection.Current, Is.Not.Null, "a full queue is no reason to end the session");
    }

    [Test]
    public async Task Publish_IntoAFullQueueForSeconds_TakesAnotherChannelAndThenStores()
    {
        await using var test = new TestConnection(await Brokers.UriAsync(), queue: new() { MaxLength = 1 });
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        var isReplaced = () => test.LogLines().Any(line => line.Contains("Another channel", StringComparison.Ordinal));
        var deadline = TimeProvider.System.GetTimestamp();
        while (!isReplaced())
        {
            await Within.Time(PublishOneAsync());
            Assert.That(TimeProvider.System.GetElapsedTime(deadline), Is.LessThan(Within.Deadline));
        }

        await DrainAsync(session, test.Topology.Tasks);
        while (await Within.Time(PublishOneAsync()) != PublishOutcome.Stored)
            Assert.That(TimeProvider.System.GetElapsedTime(deadline), Is.LessThan(Within.Deadline * 2));
        Assert.That(session.Ended.IsCancellationRequested, Is.False);

        Task<PublishOutcome> PublishOneAsync()
        {
            var message = new TestMessage(test.Topology.Tasks, "", Guid.NewGuid().ToString());
            publisher.Publish(message);
            return message.Ended;
        }
    }

    [Test]
    public async Task Publish_OfWhatAmqpCannotCarry_IsRejectedAndItsNeighboursAreStored()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        var messages = Enumerable.Range(0, 60)
            .Select(i => new TestMessage(test.Topology.Tasks, i % 3 == 0 ? new string('x', 256) : "", $"m{i}")).ToArray();
        messages[1].Properties.Headers = new Dictionary<string, object?> { ["x"] = new object() };
        messages[2].Properties.CorrelationId = new string('x', 300);
        foreach (var message in messages) publisher.Publish(message);
        await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the confirms");
        Assert.That(
            messages.Select(message => message.Outcomes.Single()),
            Is.EqualTo(messages.Select((_, i) => i < 3 || i % 3 == 0 ? PublishOutcome.Rejected : PublishOutcome.Stored)));
        Assert.That(session.Ended.IsCancellationRequested, Is.False);
        Assert.That(test.LogLines(), Has.Some.Contains("cannot be written"));
    }

    [Test]
    public async Task Publish_AgainFromItsEnd_IsAnotherPublication()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var publisher = await (await test.ReadyAsync()).OpenPublisherAsync(default);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        TestMessage message = null!;
        message = new TestMessage(test.Topology.Tasks, "", "again")
        {
            OnEnd = _ =>
            {
                if (message.Outcomes.Count < 100) publisher.Publish(message);
                else done.SetResult();
            },
        };
        publisher.Publish(message);
        await Within.Time(done.Task);
        Assert.That(message.Outcomes, Has.Count.EqualTo(100).And.All.EqualTo(PublishOutcome.Stored));
    }

    [Test]
    public async Task Close_WithPublicationsUnderWay_EndsEachOnceAndLeavesTheSession()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        var messages = Messages(test, 2000);
        var publishing = PublishAsync(publisher, messages);
        publisher.Close();
        publisher.Close();
        await Within.Time(publishing);
        await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the ends");
        Assert.That(messages.Select(message => message.Outcomes.Count), Has.All.EqualTo(1));
        Assert.That(publisher.Outstanding, Is.Zero);

        var late = new TestMessage(test.Topology.Tasks, "", "late");
        publisher.Publish(late);
        Assert.That(await Within.Time(late.Ended), Is.EqualTo(PublishOutcome.Lost));
        Assert.That(session.Ended.IsCancellationRequested, Is.False);
        var other = new TestMessage(test.Topology.Tasks, "", "other");
        (await session.OpenPublisherAsync(default)).Publish(other);
        Assert.That(await Within.Time(other.Ended), Is.EqualTo(PublishOutcome.Stored));
    }

    [Test]
    public async Task Fail_OfTheSession_EndsEachPublicationOnce()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var session = await test.ReadyAsync();
        var publisher = await session.OpenPublisherAsync(default);
        var messages = Messages(test, 20_000);
        var publishing = PublishAsync(publisher, messages);
        await Within.Time(messages[0].Ended);
        session.Fail(new IOException("by the test"));
        await Within.Time(publishing);
        await Within.Time(Task.WhenAll(messages.Select(message => message.Ended)), "the ends");
        Assert.That(messages.Select(message => message.Outcomes.Count), Has.All.EqualTo(1));
        Assert.That(publisher.Outstanding, Is.Zero);
    }

    private static TestMessage[] Messages(TestConnection test, int count) =>
        [.. Enumerable.Range(0, count).Select(i => new TestMessage(test.Topology.Tasks, "", $"m{i}"))];

    private static Task PublishAsync(ConfirmingPublisher publisher, TestMessage[] messages) => Task.WhenAll(
        Enumerable.Range(0, 16).Select(thread => Task.Run(() =>
        {
            for (var i = thread; i < messages.Length; i += 16) publisher.Publish(messages[i]);
        })));

    private static async Task<List<string>> DrainAsync(BrokerSession session, string queue)
    {
        var channel = await session.OpenChannelAsync(0, default);
        List<string> ids = [];
        while (await channel.BasicGetAsync(queue, autoAck: true) is { } message) ids.Add(message.BasicProperties.MessageId!);
        await channel.CloseAsync();
        return ids;
    }
}
