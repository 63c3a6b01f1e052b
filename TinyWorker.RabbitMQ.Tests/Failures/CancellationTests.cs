using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Cancelling what waits at the broker, and what runs on a host.</summary>
public sealed class CancellationTests
{
    // 1 s is promised: the grace of the options. The rest is for a loaded machine.
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(3);

    [Test]
    public async Task Cancel_WhileItWaitsAtTheBroker_CancelsItAndItNeverRuns()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        // One worker, which is busy with the first.
        await run.HostAsync(settings => settings with { Workers = 1, Prefetch = 1 });
        await run.SubmitAsync(1, number => new Job(number, 0, JobKind.Endless));
        await run.Ledger.UntilAsync(entries => entries.Count == 1, "the start of the first");
        await run.SubmitAsync(20, 0);
        await run.UntilAsync(() => run.Submitter.Broker.Stored == 21, "the storing of all");
        var waiting = run.Submitted[10].Future;
        var clock = Stopwatch.StartNew();
        Assert.That(waiting.Cancel(), Is.True);
        await run.UntilAsync(() => waiting.IsCompleted, "the end of the cancelled task");
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(clock.Elapsed, Is.LessThan(Promised));
        // The others run once the worker is free.
        run.Submitted[0].Future.Cancel();
        await run.UntilEndedAsync(21);
        Assert.That(run.Submitted.Count(task => task.Future.Status == TinyFutureStatus.Succeeded), Is.EqualTo(19));
        Assert.That(run.Ledger.Read().Select(entry => entry.Number), Has.None.EqualTo(10), "the cancelled task was run");
        run.NothingRanTwice();
    }

    [TestCase(HostBackEnd.Pool)]
    [TestCase(HostBackEnd.Processes)]
    public async Task Cancel_WhileItRuns_StopsItOnItsHost(HostBackEnd backEnd)
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        await run.HostAsync(settings => settings with { BackEnd = backEnd });
        await run.HostAsync();
        await run.SubmitAsync(2, number => new Job(number, 0, JobKind.Endless));
        await run.Ledger.UntilAsync(entries => entries.Count == 2, "the start of both");
        var clock = Stopwatch.StartNew();
        Assert.That(run.Submitted[0].Future.Cancel(), Is.True);
        await run.UntilAsync(() => run.Submitted[0].Future.IsCompleted, "the end of the cancelled task");
        Assert.That(run.Submitted[0].Future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(clock.Elapsed, Is.LessThan(Promised));
        await run.Ledger.UntilAsync(
            entries => entries.Any(entry => entry is { Event: RunEvent.Cancelled, Number: 0 }), "the end of the task on its host");
        Assert.That(run.Submitted[1].Future.IsCompleted, Is.False, "its neighbour was cancelled, too");
        run.Submitted[1].Future.Cancel();
        await run.Ledger.UntilAsync(entries => entries.Count(entry => entry.Event == RunEvent.Cancelled) == 2, "the end of its neighbour");
        await Probe.UntilQueueAsync(run.Broker, "tw." + run.Troupe, messages => messages == 0, "an empty queue");
    }
}
