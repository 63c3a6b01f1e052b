using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Tests.Broker;

namespace TinyWorker.RabbitMQ.Tests.DeadLetters;

public sealed class RabbitDeadLettersTests
{
    [Test]
    public async Task Read_OfSeveral_GivesEachOnceTheOldestFirstAndLeavesThem()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var ids = await BuryAsync(test, 25);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        for (var i = 0; i < 3; i++) Assert.That((await ReadAsync(letters)).Select(letter => letter.TaskId), Is.EqualTo(ids));
    }

    [Test]
    public async Task Read_OfOne_TellsWhatItWas()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        await BuryAsync(test, 1, before: 2);
        var letter = (await ReadAsync(new(test.Troupe, await Brokers.UriAsync()))).Single();
        Assert.That(letter.TaskId, Is.EqualTo("m0"));
        Assert.That(letter.Reason, Is.EqualTo("delivery_limit"));
        // Two at the queue of tasks, and then that of the suspects: the first delivery and three again.
        Assert.That(letter.Attempts, Is.EqualTo(2 + 1 + 3));
        Assert.That(letter.DeadSince, Is.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
        Assert.That(letter.Contract, Is.EqualTo("int -> int"));
        Assert.That(letter.ReplyTo, Is.EqualTo("tw.replies"));
        Assert.That(letter.Payload.ToArray(), Is.EqualTo(Encoding.UTF8.GetBytes("payload 0")));
    }

    [Test]
    public async Task Read_WithoutSuchATroupe_GivesNone()
    {
        var letters = new RabbitDeadLetters(Brokers.NewTroupe(), await Brokers.UriAsync());
        Assert.That(await ReadAsync(letters), Is.Empty);
        Assert.That(await letters.DiscardAsync("x"), Is.False);
    }

    [Test]
    public async Task Replay_PutsTheTaskBackAsNewAndRemovesTheLetter()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var ids = await BuryAsync(test, 3, before: 2);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        Assert.That(await letters.ReplayAsync("m1"));
        Assert.That(await letters.ReplayAsync("m1"), Is.False);
        Assert.That((await ReadAsync(letters)).Select(letter => letter.TaskId), Is.EquivalentTo(ids.Where(id => id != "m1")));
        var channel = await (await test.ReadyAsync()).OpenChannelAsync(0, default);
        var task = await channel.BasicGetAsync(test.Topology.Tasks, autoAck: true);
        Assert.That(task!.BasicProperties.MessageId, Is.EqualTo("m1"));
        Assert.That(task.RoutingKey, Is.EqualTo("tw.replies"));
        Assert.That(task.BasicProperties.ReplyTo, Is.EqualTo("tw.replies"));
        Assert.That(task.BasicProperties.Persistent);
        Assert.That(task.Body.ToArray(), Is.EqualTo(Encoding.UTF8.GetBytes("payload 1")));
        Assert.That(
            task.BasicProperties.Headers!.Keys, Is.EquivalentTo(new[] { MessageHeaders.Contract, MessageHeaders.DeliveryCount }),
            "no earlier attempts, no deadline that has passed, no history");
    }

    [Test]
    public async Task Replay_WithoutAQueueOfTasks_ThrowsAndKeepsTheLetter()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        await BuryAsync(test, 1);
        var session = await test.ReadyAsync();
        await session.AskAsync(
            (channel, cancelled) => channel.QueueDeleteAsync(test.Topology.Tasks, cancellationToken: cancelled), default);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => letters.ReplayAsync("m0"));
        Assert.That(error!.Message, Does.Contain("m0").And.Contain(test.Topology.Tasks));
        Assert.That((await ReadAsync(letters)).Select(letter => letter.TaskId), Is.EqualTo(new[] { "m0" }));
    }

    [Test]
    public async Task Discard_RemovesThatLetterAlone()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        var ids = await BuryAsync(test, 3);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        Assert.That(await letters.DiscardAsync("m0"));
        Assert.That(await letters.DiscardAsync("nobody"), Is.False);
        Assert.That((await ReadAsync(letters)).Select(letter => letter.TaskId), Is.EquivalentTo(ids.Where(id => id != "m0")));
    }

    [Test]
    public async Task Discard_OfEachLetterWhileReading_RemovesAll()
    {
        await using var test = new TestConnection(await Brokers.UriAsync());
        await BuryAsync(test, 5);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        var count = 0;
        await foreach (var letter in letters.ReadAsync())
        {
            Assert.That(await letters.DiscardAsync(letter.TaskId));
            count++;
        }

        Assert.That(count, Is.EqualTo(5));
        Assert.That(await ReadAsync(letters), Is.Empty);
    }

    [Test]
    public async Task WrongPassword_IsARabbitTopologyException()
    {
        var uri = new UriBuilder(await Brokers.UriAsync()) { Password = "wrong" }.Uri;
        var letters = new RabbitDeadLetters(Brokers.NewTroupe(), uri);
        await Assert.ThrowsAsync<RabbitTopologyException>(() => letters.DiscardAsync("x"));
    }

    [Test]
    public void Arguments_ThatCannotBe_AreRefused()
    {
        Assert.That(() => new RabbitDeadLetters(null!, new RabbitBroker()), Throws.ArgumentNullException);
        Assert.That(() => new RabbitDeadLetters("", new RabbitBroker()), Throws.ArgumentException);
        Assert.That(() => new RabbitDeadLetters("x", null!), Throws.ArgumentNullException);
        Assert.That(() => new RabbitDeadLetters("x", new RabbitBroker { Endpoints = [] }), Throws.InstanceOf<ArgumentException>());
        Assert.That(async () => await new RabbitDeadLetters("x", new RabbitBroker()).ReplayAsync(""), Throws.ArgumentException);
    }

    // Delivers each as often as the queue of suspects allows.
    private static async Task<string[]> BuryAsync(TestConnection test, int count, int before = 0)
    {
        var session = await test.ReadyAsync();
        var channel = await session.OpenChannelAsync(0, default);
        var dead = await TroupeTopology.LookAsync(session, test.Topology.Dead, default);
        Assert.That(dead!.MessageCount, Is.Zero);
        for (var i = 0; i < count; i++)
        {
            var properties = new BasicProperties
            {
                MessageId = $"m{i}", ReplyTo = "tw.replies", Persistent = true,
                Headers = new Dictionary<string, object?>
                {
                    [MessageHeaders.Contract] = "int -> int", [MessageHeaders.Before] = before, [MessageHeaders.Deadline] = 1L,
                },
            };
            await channel.BasicPublishAsync(
                test.Topology.Suspects, "tw.replies", mandatory: true, properties, Encoding.UTF8.GetBytes($"payload {i}"));
        }

        await session.ConsumeAsync(
            channel, test.Topology.Suspects, exclusive: false,
            (tag, _, _, _, _, _) => channel.BasicNackAsync(tag, multiple: false, requeue: true), default);
        var letters = new RabbitDeadLetters(test.Troupe, await Brokers.UriAsync());
        var clock = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var ids = (await ReadAsync(letters)).Select(letter => letter.TaskId).ToArray();
            if (ids.Length == count) return ids;
            Assert.That(TimeProvider.System.GetElapsedTime(clock), Is.LessThan(Within.Deadline));
        }
    }

    private static async Task<List<RabbitDeadLetter>> ReadAsync(RabbitDeadLetters letters)
    {
        List<RabbitDeadLetter> all = [];
        await foreach (var letter in letters.ReadAsync()) all.Add(letter);
        return all;
    }
}
