using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What holds up a host, and must not hold up others.</summary>
[TestFixture]
public sealed class HostTroubleTests
{
    // A queue that is full for good stands for one without a leader, which one node cannot have.
    [Test]
    public async Task ReplyQueue_ThatTakesNoReply_HoldsUpNoOtherSubmitterAndLosesNoReply()
    {
        await using var served = await ServedTroupe.StartAsync(static options => options with { Prefetch = 4 });
        await using var connection = await Probe.ConnectAsync(await Brokers.UriAsync());
        await using var channel = await connection.CreateChannelAsync();
        var full = $"tw.{served.Name}.replies.full";
        await channel.QueueDeclareAsync(
            full, durable: true, exclusive: false, autoDelete: true,
            new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" });
        await channel.BasicPublishAsync("", full, mandatory: true, new BasicProperties { CorrelationId = "filler" }, new byte[1]);
        for (var i = 1; i <= 6; i++) await served.Submitter.SendAsync($"bad{i}", i, replyTo: full);

        for (var i = 11; i <= 14; i++) await served.Submitter.SendAsync($"good{i}", i);

        var good = await served.Submitter.RepliesAsync(4);
        Assert.That(good.Keys.Order(), Is.EqualTo(new[] { "good11", "good12", "good13", "good14" }));
        HashSet<string> bad = [];
        await Within.Time(TakeAsync(), "the replies in the full queue");
        await served.UntilAsync(static host => host.Unacknowledged == 0, "all to be acknowledged");
        Assert.That((bad.Count, served.Runs), Is.EqualTo((6, 10)));

        async Task TakeAsync()
        {
            while (bad.Count < 6)
            {
                if (await channel.BasicGetAsync(full, autoAck: true) is not { } reply) await Task.Delay(20);
                else if (reply.BasicProperties.CorrelationId is { } id && id != "filler") bad.Add(id);
            }
        }
    }

    [Test]
    public async Task Task_NearTheConsumerTimeout_IsWarnedOfOnce()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var served = await ServedTroupe.StartAsync(options => options with { TimeProvider = clock });
        await served.Submitter.SendAsync("long", -1);
        await served.BegunAsync(-1);

        clock.Advance(TimeSpan.FromMinutes(23));
        Assert.That(Warnings(), Is.Empty);
        clock.Advance(TimeSpan.FromMinutes(2));
        clock.Advance(TimeSpan.FromMinutes(2));

        Assert.That(Warnings(), Has.Length.EqualTo(1).And.All.Contains("task long has run for 2"));

        string[] Warnings() => [.. served.Logs.Lines.Where(static line => line.Contains("consumer_timeout"))];
    }

    [Test]
    public async Task RedeliveryAfterAReconnect_OfATaskThatRuns_IsJoined()
    {
        await using var proxy = new BrokerProxy(new Uri(await Brokers.UriAsync()).Port);
        await using var served = await ServedTroupe.StartAsync(options => options with { Broker = proxy.Uri });
        await served.Submitter.SendAsync("running", -1);
        await served.Submitter.SendAsync("ended", 1);
        await served.Submitter.ReplyAsync();
        await served.BegunAsync(-1);
        await served.UntilAsync(static host => host.Unacknowledged == 1, "the other to be acknowledged");

        proxy.Cut();
        await served.UntilAsync(static host => host is { Reconnects: >= 1, Joined: 1 }, "the redelivered one to join");
        served.Open(-1);

        // The cut may have come before the acknowledgement of the other: then its reply is sent again.
        RawReply reply;
        do reply = await served.Submitter.ReplyAsync();
        while (reply.TaskId == "ended");
        Assert.That((reply.TaskId, reply.Outcome), Is.EqualTo(("running", TaskOutcome.Ok)));
        await served.UntilAsync(static host => host.Unacknowledged == 0, "it to be acknowledged");
        Assert.That((served.RunsOf(-1), served.RunsOf(1)), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task TaskThatEndsWithoutABroker_IsAnsweredFromMemoryWhenItComesAgain()
    {
        await using var proxy = new BrokerProxy(new Uri(await Brokers.UriAsync()).Port);
        await using var served = await ServedTroupe.StartAsync(options => options with { Broker = proxy.Uri });
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);

        proxy.Silence();   // so that there is no connection meanwhile
        proxy.Cut();
        await served.UntilAsync(static host => host.Connection != RabbitConnectionState.Ready, "the connection to be lost");
        served.Open(-1);
        await served.UntilAsync(static host => host.Remembered == 1, "the task to end");
        proxy.Resume();

        Assert.That(await served.Submitter.ReplyAsync() is { TaskId: "running", Outcome: TaskOutcome.Ok }, Is.True);
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Repeated: 1 }, "it to be acknowledged");
        Assert.That(served.RunsOf(-1), Is.EqualTo(1));
    }
}
