namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Hosts that die, leave or hang. Each has at most <see cref="Prefetch"/> tasks at a time.</summary>
public sealed class HostFailureTests
{
    private const int Prefetch = 8;

    [TestCase(HostBackEnd.Pool)]
    [TestCase(HostBackEnd.Processes)]
    public async Task Host_OneOfTwoKilled_LosesNothingAndOnlyWhatItHadRunsAgain(HostBackEnd backEnd)
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var doomed = await run.HostAsync(settings => settings with { Prefetch = Prefetch, BackEnd = backEnd });
        await run.HostAsync(settings => settings with { Prefetch = Prefetch, BackEnd = backEnd });
        await run.SubmitAsync(300, 10);
        await run.UntilEndedAsync(60);
        await doomed.KillAsync();
        await run.AllEndRightAsync(FailureRun.Recovery);
        Assert.That(run.Ledger.RunAgain(), Has.Length.InRange(1, Prefetch));
        AttemptsAreTold(run);
    }

    [Test]
    public async Task Hosts_BothKilledAndBackAfterTwoSeconds_LoseNothing()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var hosts = new[]
        {
            await run.HostAsync(settings => settings with { Prefetch = Prefetch, BackEnd = HostBackEnd.Threads }),
            await run.HostAsync(settings => settings with { Prefetch = Prefetch }),
        };
        await run.SubmitAsync(300, 10);
        await run.UntilEndedAsync(60);
        await Task.WhenAll(hosts.Select(host => host.KillAsync()));
        var ended = run.Ended;
        await Task.Delay(TimeSpan.FromSeconds(2));
        Assert.That(run.Ended, Is.LessThanOrEqualTo(ended + (2 * Prefetch)), "ended without a host");
        await run.HostAsync();
        await run.HostAsync();
        await run.AllEndRightAsync(FailureRun.Recovery);
        Assert.That(run.Ledger.RunAgain(), Has.Length.InRange(1, 2 * Prefetch));
        AttemptsAreTold(run);
    }

    [TestCase(HostBackEnd.Pool)]
    [TestCase(HostBackEnd.Threads)]
    [TestCase(HostBackEnd.Processes)]
    public async Task Host_AtSigterm_EndsWhatItRunsAndLeavesTheRestToOthers(HostBackEnd backEnd)
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var leaving = await run.HostAsync(settings => settings with { Prefetch = Prefetch, BackEnd = backEnd });
        await run.SubmitAsync(200, 20);
        await run.UntilEndedAsync(20);
        var exit = leaving.TerminateAsync();
        await run.HostAsync(settings => settings with { Prefetch = Prefetch });
        Assert.That(await exit, Is.Zero, leaving.Errors);
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
    }

    [Test]
    public async Task Host_AtSigtermWithATaskThatTakesTime_WaitsForIt()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var leaving = await run.HostAsync();
        await run.SubmitAsync(2, 3000);
        await run.Ledger.UntilAsync(entries => entries.Count == 2, "the start of both tasks");
        Assert.That(await leaving.TerminateAsync(), Is.Zero, leaving.Errors);
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
    }

    // The second run of a job has a higher attempt than the first, and says that the broker had delivered it before.
    private static void AttemptsAreTold(FailureRun run)
    {
        var starts = run.Ledger.Read().Where(entry => entry.Event == RunEvent.Started).ToArray();
        var again = run.Ledger.RunAgain().ToHashSet();
        Assert.That(starts.Select(entry => entry.TaskId), Has.None.EqualTo("-"), "RabbitDelivery.Current was null");
        var once = starts.Where(entry => !again.Contains(entry.Number) && !entry.Redelivered);
        Assert.That(once.Select(entry => entry.Attempt), Has.All.EqualTo(1));
        foreach (var runs in starts.Where(entry => again.Contains(entry.Number)).GroupBy(entry => entry.Number))
        {
            Assert.That(runs.Select(entry => entry.TaskId).Distinct().Count(), Is.EqualTo(1), "ids of one task");
            Assert.That(runs.Max(entry => entry.Attempt), Is.GreaterThanOrEqualTo(2));
            Assert.That(runs.Count(entry => !entry.Redelivered), Is.EqualTo(1));
        }
    }
}
