using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What a host does with a task that it gets: by a real broker, and messages that are written by hand.</summary>
[TestFixture]
public sealed class HostDeliveryTests
{
    [Test]
    public async Task Task_Sent_IsRunAnsweredAndAcknowledged()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4);

        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Outcome, reply.Attempt, reply.Number), Is.EqualTo(("a", TaskOutcome.Ok, 1, 40)));
        await served.UntilAsync(
            static host => host is { Unacknowledged: 0, Replied: 1, Run: 1, Remembered: 1 }, "the task to be acknowledged");
    }

    [Test]
    public async Task Tasks_Many_AreEachAnsweredOnce()
    {
        await using var served = await ServedTroupe.StartAsync();

        for (var i = 0; i < 300; i++) await served.Submitter.SendAsync($"t{i}", i);

        var replies = await served.Submitter.RepliesAsync(300);
        Assert.That(replies.All(static one => one.Key == $"t{one.Value.Number / 10}"), Is.True);
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Run: 300 }, "all to be acknowledged");
        Assert.That(served.Submitter.HasReply, Is.False);
    }

    [Test]
    public async Task Id_DeliveredAgainWhileItRuns_IsJoinedAndBothAreAcknowledged()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("a", -1);
        await served.BegunAsync(-1);

        await served.Submitter.SendAsync("a", -1);
        await served.UntilAsync(static host => host.Joined == 1, "the second to join");
        Assert.That(served.Host.Snapshot().Unacknowledged, Is.EqualTo(2));
        served.Open(-1);

        Assert.That((await served.Submitter.ReplyAsync()).Number, Is.EqualTo(-10));
        await served.UntilAsync(static host => host.Unacknowledged == 0, "both to be acknowledged");
        Assert.That((served.RunsOf(-1), served.Host.Snapshot().Replied), Is.EqualTo((1, 1L)));
    }

    [Test]
    public async Task Id_DeliveredAgainWithAnotherReplyQueue_IsAnsweredInBoth()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("a", -1, replyTo: $"tw.{served.Name}.replies.gone");
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("a", -1);
        await served.UntilAsync(static host => host.Joined == 1, "the second to join");

        served.Open(-1);

        Assert.That((await served.Submitter.ReplyAsync()).Number, Is.EqualTo(-10));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Replied: 1, Unroutable: 1 }, "both to be acknowledged");
    }

    [Test]
    public async Task Id_DeliveredAgainAfterItsEnd_GetsTheKeptReplyAndIsNotRunAgain()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("a", 4);
        await served.Submitter.ReplyAsync();

        await served.Submitter.SendAsync("a", 4);

        Assert.That((await served.Submitter.ReplyAsync()).Number, Is.EqualTo(40));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Repeated: 1 }, "the second to be acknowledged");
        Assert.That(served.RunsOf(4), Is.EqualTo(1));
    }

    [Test]
    public async Task Cancellation_BeforeTheDelivery_AnswersCancelledAndNeverRunsTheTask()
    {
        await using var served = await ServedTroupe.StartAsync();
        // Only a message behind it tells that the host has heard of it: that of a task which runs.
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        await served.Submitter.CancelAsync("a");
        await served.Submitter.CancelAsync("running");
        Assert.That((await served.Submitter.ReplyAsync()).Outcome, Is.EqualTo(TaskOutcome.Cancelled));

        await served.Submitter.SendAsync("a", 4);

        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Outcome, reply.Body.Length), Is.EqualTo(("a", TaskOutcome.Cancelled, 0)));
        await served.UntilAsync(static host => host.Unacknowledged == 0, "it to be acknowledged");
        Assert.That(served.RunsOf(4), Is.Zero);
    }

    [Test]
    public async Task Cancellation_WhileTheTaskWaitsInTheLocalTroupe_AnswersCancelledAndNeverRunsIt()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("waiting", 4);
        await served.UntilAsync(static host => host.Run == 2, "the second to wait");

        await served.Submitter.CancelAsync("waiting");

        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Outcome), Is.EqualTo(("waiting", TaskOutcome.Cancelled)));
        served.Open(-1);
        await served.Submitter.ReplyAsync();
        Assert.That(served.RunsOf(4), Is.Zero);
    }

    [Test]
    public async Task Cancellation_WhileTheTaskWaitsForRoom_AnswersCancelled()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1, capacity: 1);
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("waiting", 2);
        await served.UntilAsync(static host => host.Run == 2, "the second to wait for a worker");
        await served.Submitter.SendAsync("outside", 3);
        await served.UntilAsync(static host => host.Delivered == 3, "the third to wait for room");

        await served.Submitter.CancelAsync("outside");

        Assert.That((await served.Submitter.ReplyAsync()) is { TaskId: "outside", Outcome: TaskOutcome.Cancelled }, Is.True);
        served.Open(-1);
        var replies = await served.Submitter.RepliesAsync(2);
        Assert.That(replies["waiting"].Number, Is.EqualTo(20));
        Assert.That(served.RunsOf(3), Is.Zero);
    }

    [Test]
    public async Task Cancellation_AfterTheEnd_ChangesNothing()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("a", 4);
        await served.Submitter.ReplyAsync();
        await served.Submitter.CancelAsync("a");
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        await served.Submitter.CancelAsync("running");
        await served.Submitter.ReplyAsync();

        await served.Submitter.SendAsync("a", 4);

        Assert.That((await served.Submitter.ReplyAsync()).Number, Is.EqualTo(40));
    }

    [Test]
    public async Task Contract_OfAnotherKind_IsRefusedWithBothTexts()
    {
        await using var served = await ServedTroupe.StartAsync(static options => options with { ContractVersion = "2" });

        await served.Submitter.SendAsync("a", 4);

        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.Outcome, reply.Error), Is.EqualTo((TaskOutcome.Refused, "System.Int32 -> System.Int32 (version 2)")));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Refused: 1, Run: 0 }, "it to be acknowledged");
    }

    [Test]
    public async Task Contract_OfAnotherKindAndPosted_GoesToTheDeadLetters()
    {
        await using var served = await ServedTroupe.StartAsync(static options => options with { ContractVersion = "2" });

        await served.Submitter.SendAsync("a", 4, replyTo: null);

        await Probe.UntilQueueAsync(await Brokers.UriAsync(), $"tw.{served.Name}.dead", static messages => messages == 1, "a dead letter");
    }

    [Test]
    public async Task Message_WithoutAnId_GoesToTheDeadLetters()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync(null, [1], contract: null, replyTo: null, headers: null);

        await Probe.UntilQueueAsync(await Brokers.UriAsync(), $"tw.{served.Name}.dead", static messages => messages == 1, "a dead letter");
    }

    [Test]
    public async Task ReplyQueue_OfNobodyOfThisTroupe_GetsNothingAndTheTaskGoesToTheDeadLetters()
    {
        await using var served = await ServedTroupe.StartAsync();
        await using var other = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, replyTo: other.Submitter.Tasks);

        await Probe.UntilQueueAsync(await Brokers.UriAsync(), $"tw.{served.Name}.dead", static messages => messages == 1, "a dead letter");
        Assert.That((served.Runs, other.Host.Snapshot().Delivered), Is.EqualTo((0, 0L)));
        Assert.That(served.Logs.ToString(), Does.Contain($"'{other.Submitter.Tasks}', which is no reply queue of this troupe"));
    }

    [Test]
    public async Task Cancellation_OfWhatIsNoId_IsIgnoredAndLaterOnesAreHeard()
    {
        await using var served = await ServedTroupe.StartAsync();
        await served.Submitter.SendAsync("a", -1);
        await served.BegunAsync(-1);

        await served.Submitter.CancelAsync("");
        await served.Submitter.CancelAsync(new string('x', 256));
        await served.Submitter.CancelAsync(new string('y', 100_000));
        await served.Submitter.CancelAsync("a");

        Assert.That((await served.Submitter.ReplyAsync()).Outcome, Is.EqualTo(TaskOutcome.Cancelled));
    }

    [Test]
    public async Task Deadline_Passed_IsAnsweredAndNeverRun()
    {
        await using var served = await ServedTroupe.StartAsync();
        var past = DateTimeOffset.UtcNow.AddSeconds(-1).ToUnixTimeMilliseconds();

        await served.Submitter.SendAsync("a", 4, headers: headers => headers[MessageHeaders.Deadline] = past);

        Assert.That((await served.Submitter.ReplyAsync()).Outcome, Is.EqualTo(TaskOutcome.Expired));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Expired: 1, Run: 0 }, "it to be acknowledged");
    }

    [TestCase(long.MinValue)]
    [TestCase(-1_000_000_000_000_000L)]
    public async Task Deadline_FurtherBackThanATimeSpanReaches_IsAnsweredAndNeverRun(long deadline)
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, headers: headers => headers[MessageHeaders.Deadline] = deadline);

        Assert.That((await served.Submitter.ReplyAsync()).Outcome, Is.EqualTo(TaskOutcome.Expired));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, Expired: 1, Run: 0, Redelivered: 0 }, "it to be acknowledged");
    }

    [Test]
    public async Task Attempts_MoreThanANumberHolds_AreStillManyAndMakeASuspect()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, headers: static headers =>
        {
            headers[MessageHeaders.Before] = long.MaxValue;
            headers[MessageHeaders.DeliveryCount] = long.MaxValue;
        });

        Assert.That((await served.Submitter.ReplyAsync()).Number, Is.EqualTo(40));
        Assert.That(served.Host.Snapshot().Suspected, Is.EqualTo(1));
    }

    [Test]
    public async Task Task_CancelledByAnOperator_IsAnsweredAndTheHostGoesOn()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        using var watch = served.Troupe.Watch();
        await served.Submitter.SendAsync("a", -1);
        await served.BegunAsync(-1);

        await Eventually.IsTrueAsync(
            () => watch.Read().LongestRunning is { } task && ((ITroupeControl)served.Troupe).Cancel(task),
            static () => "the task to be seen");

        Assert.That((await served.Submitter.ReplyAsync()).Outcome, Is.EqualTo(TaskOutcome.Cancelled));
        await served.UntilAsync(static host => host is { Unacknowledged: 0, IsConsuming: true }, "it to be acknowledged");
        Assert.That(served.Runs, Is.EqualTo(1));
        Assert.That(served.Logs.ToString(), Does.Not.Contain("runs no tasks"));
    }

    [Test]
    public async Task Deadline_PassingWhileTheTaskRuns_FaultsIt()
    {
        await using var served = await ServedTroupe.StartAsync();
        var soon = DateTimeOffset.UtcNow.AddSeconds(1.5).ToUnixTimeMilliseconds();

        await served.Submitter.SendAsync("a", -1, headers: headers => headers[MessageHeaders.Deadline] = soon);

        var reply = await served.Submitter.ReplyAsync();
        Assert.That(reply.Outcome, Is.AnyOf(TaskOutcome.Fault, TaskOutcome.Expired));
        if (reply.Outcome == TaskOutcome.Fault) Assert.That(reply.Exception, Is.TypeOf<TimeoutException>());
    }

    [Test]
    public async Task Timeout_OfTheTask_FaultsIt()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", -1, headers: static headers => headers[MessageHeaders.Timeout] = 200L);

        Assert.That((await served.Submitter.ReplyAsync()).Exception, Is.TypeOf<TimeoutException>());
    }

    [Test]
    public async Task Input_Unreadable_FaultsThatTaskAndNoOther()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", "\u0001{no number"u8.ToArray(), contract: null, replyTo: "", headers: null);
        await served.Submitter.SendAsync("b", 4);

        var replies = await served.Submitter.RepliesAsync(2);
        Assert.That(
            replies["a"].Exception, Is.TypeOf<InvalidDataException>().With.Message.Contains("System.Int32").And.Message.Contains("host-1"));
        Assert.That(replies["a"].Error, Does.StartWith("InvalidDataException: The input of task a"));
        Assert.That(replies["b"].Number, Is.EqualTo(40));
    }

    [Test]
    public async Task Task_DeliveredTooOften_GoesToTheSuspectsAndIsRunFromThere()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, headers: static headers => headers[MessageHeaders.Before] = 2);

        var reply = await served.Submitter.ReplyAsync();
        Assert.That((reply.TaskId, reply.Number, reply.Attempt), Is.EqualTo(("a", 40, 3)));
        await served.UntilAsync(
            static host => host is { Unacknowledged: 0, Suspected: 1, Delivered: 2, Run: 1 }, "both to be acknowledged");
        Assert.That(served.Logs.ToString(), Does.Contain("task a was delivered 2 times"));
    }

    [Test]
    public async Task Task_DeliveredLessOften_IsRunAtOnce()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, headers: static headers => headers[MessageHeaders.Before] = 1);

        Assert.That((await served.Submitter.ReplyAsync()).Attempt, Is.EqualTo(2));
        Assert.That(served.Host.Snapshot().Suspected, Is.Zero);
    }

    [Test]
    public async Task Reply_WithoutAQueue_IsCountedAndTheTaskAcknowledged()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, replyTo: $"tw.{served.Name}.replies.gone");

        await served.UntilAsync(static host => host is { Unacknowledged: 0, Unroutable: 1, Replied: 0 }, "it to be acknowledged");
    }

    [Test]
    public async Task Task_Posted_IsRunAndAcknowledgedWithoutAReply()
    {
        await using var served = await ServedTroupe.StartAsync();

        await served.Submitter.SendAsync("a", 4, replyTo: null);

        await served.UntilAsync(static host => host is { Unacknowledged: 0, Run: 1, Replied: 0, Unroutable: 0 }, "it to be acknowledged");
    }

    [Test]
    public async Task Host_Twice_RefusesTheSecondRun()
    {
        await using var served = await ServedTroupe.StartAsync();

        await Assert.ThatAsync(
            () => served.Host.RunAsync(CancellationToken.None),
            Throws.InvalidOperationException.With.Message.Contains("RunAsync is called once"));

        await served.StopHostAsync();
        await Assert.ThatAsync(() => served.Host.RunAsync(CancellationToken.None), Throws.InstanceOf<ObjectDisposedException>());
        await Assert.ThatAsync(() => served.Host.WhenReadyAsync(), Throws.InstanceOf<ObjectDisposedException>());
    }
}
