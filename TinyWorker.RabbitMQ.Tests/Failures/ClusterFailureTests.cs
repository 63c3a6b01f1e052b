namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A broker of three nodes, some of which die or hang.</summary>
[NonParallelizable]
[Category("Long")]
public sealed class ClusterFailureTests
{
    [Test]
    public async Task Leader_Killed_HoldsNobodyUpForLong()
    {
        var cluster = await Brokers.ClusterAsync();
        await using var run = await StartAsync(cluster);
        var leader = await cluster.LeaderAsync("tw." + run.Troupe);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        await leader.KillAsync();
        var ended = run.Ended;
        // 3 s on an idle machine: an election, and new connections.
        await run.UntilAsync(() => run.Ended > ended + 50, "the end of 50 tasks after the leader's end", TimeSpan.FromSeconds(20));
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    [Test]
    public async Task TwoOfThree_Killed_HoldAllUpUntilOneReturns()
    {
        var cluster = await Brokers.ClusterAsync();
        await using var run = await StartAsync(cluster);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        await Task.WhenAll(cluster.Nodes.Take(2).Select(node => node.KillAsync()));
        await run.SubmitAsync(100, 10);
        await cluster.Nodes[0].StartAsync();
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    [Test]
    public async Task AllThree_KilledAndStartedAgain_HaveLostNothing()
    {
        var cluster = await Brokers.ClusterAsync();
        await using var run = await StartAsync(cluster);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        await Task.WhenAll(cluster.Nodes.Select(node => node.KillAsync()));
        await run.SubmitAsync(100, 10);
        await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync()));
        await run.AllEndRightAsync(FailureRun.Recovery * 2);
    }

    private static async Task<FailureRun> StartAsync(RabbitCluster cluster)
    {
        var run = new FailureRun(cluster.Uris);
        await run.HostAsync();
        await run.HostAsync();
        await Within.Time(run.Submitter.WhenReadyAsync(), "the submitter");
        return run;
    }
}
