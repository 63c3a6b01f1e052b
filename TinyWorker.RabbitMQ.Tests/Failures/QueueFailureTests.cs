namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Queues that are full, or that an operator removes.</summary>
public sealed class QueueFailureTests
{
    [Test]
    public async Task Queue_AtItsMaximumLength_HoldsSubmittersUpAndLosesNothing()
    {
        await using var run = new FailureRun(
            await Brokers.UriAsync(), options => options with { Queue = options.Queue with { MaxLength = 50 } });
        await run.SubmitAsync(500, 1);
        await run.UntilAsync(() => run.Submitter.Broker.Rejected > 0, "a rejection");
        await run.HostAsync();
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
    }

    [Test]
    public async Task ReplyQueue_DeletedByAnOperator_IsMadeAgainAndNothingRunsTwice()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await run.SubmitAsync(200, 10);
        await run.UntilEndedAsync(50);
        await Probe.AskAsync(run.Broker, channel => channel.QueueDeleteAsync(run.Submitter.Broker.ReplyQueue!, false, false));
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
    }

    [Test]
    public async Task TaskQueue_DeletedByAnOperator_IsMadeAgainAndEveryOpenTaskEnds()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        await run.SubmitAsync(300, 10);
        await run.UntilEndedAsync(50);
        await Probe.AskAsync(run.Broker, channel => channel.QueueDeleteAsync("tw." + run.Troupe, false, false));
        await run.AllEndRightAsync(FailureRun.Recovery);
    }
}
