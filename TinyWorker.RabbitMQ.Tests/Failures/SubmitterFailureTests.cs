using System.Globalization;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Submitters that die.</summary>
public sealed class SubmitterFailureTests
{
    [Test]
    public async Task Submitter_KilledWithTasksStored_HasThemAllRunAndItsReplyQueueExpires()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var submitter = await run.SubmitterProcessAsync(200, 5, replyQueueExpires: 3);
        var replyQueue = (await submitter.LineAsync("reply-queue")).Split(' ')[1];
        await submitter.LineAsync("stored 200");
        await run.HostAsync();
        await run.Ledger.UntilAsync(entries => entries.Count(entry => entry.Event == RunEvent.Ended) >= 20, "the end of 20 tasks");
        await submitter.KillAsync();
        await run.Ledger.UntilAsync(
            entries => entries.Where(entry => entry.Event == RunEvent.Ended).Select(entry => entry.Number).Distinct().Count() == 200,
            "the end of every task that was stored", FailureRun.Recovery);
        run.NothingRanTwice();
        await Probe.UntilQueueAsync(run.Broker, replyQueue, messages => messages is null, "the end of the reply queue");
        await Probe.UntilQueueAsync(run.Broker, "tw." + run.Troupe, messages => messages == 0, "an empty queue of tasks");
    }

    [Test]
    public async Task Submitter_KilledWhileItPosts_HasAllRunWhoseIdItGot()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync();
        var submitter = await run.SubmitterProcessAsync(20_000, 0, post: true);
        await submitter.LineAsync("posted");
        await submitter.KillAsync();
        var posted = submitter.Lines.Where(line => line.StartsWith("posted ", StringComparison.Ordinal))
            .Select(line => int.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture)).ToHashSet();
        Assert.That(posted, Is.Not.Empty);
        Assert.That(submitter.Lines, Has.None.EqualTo("done"), "the submitter was to be killed in the middle");
        await run.Ledger.UntilAsync(
            entries => posted.IsSubsetOf(entries.Where(entry => entry.Event == RunEvent.Ended).Select(entry => entry.Number)),
            "the end of every task that was posted", FailureRun.Recovery);
    }
}
