namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// Who stands still for long (a process that is stopped, a network that carries nothing), and whose connections stay open meanwhile. The
/// tests wait most of the time, so they run at the same time, each with a broker for itself where it stops one. No other fixture that runs
/// in parallel stops those brokers.
/// </summary>
[Parallelizable(ParallelScope.All)]
[Category("Long")]
public sealed class LongStopTests
{
    private const int Prefetch = 8;

    [Test]
    public async Task Leader_SuspendedFor40Seconds_HoldsNobodyUpForGood()
    {
        var cluster = await Brokers.ClusterAsync();
        await using var run = new FailureRun(cluster.Uris);
        await run.HostAsync();
        await run.HostAsync();
        await Within.Time(run.Submitter.WhenReadyAsync(), "the submitter");
        var leader = await cluster.LeaderAsync("tw." + run.Troupe);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        leader.Suspend();
        var back = Task.Delay(TimeSpan.FromSeconds(40));
        await run.SubmitAsync(100, 10);
        await back;
        leader.Continue();
        try
        {
            await run.AllEndRightAsync(FailureRun.Recovery);
        }
        catch (AssertionException)
        {
            // Where the tasks are that nobody has: the broker's word.
            await TestContext.Out.WriteLineAsync(
                await leader.CtlAsync("list_queues", "name", "messages_ready", "messages_unacknowledged", "consumers", "leader"));
            throw;
        }
    }

    [Test]
    public async Task Host_SuspendedFor25Seconds_LosesItsTasksToTheOtherAndServesAgain()
    {
        await using var run = new FailureRun(await Brokers.UriAsync());
        var hung = await run.HostAsync(settings => settings with { Prefetch = Prefetch });
        var other = await run.HostAsync(settings => settings with { Prefetch = Prefetch });
        await run.SubmitAsync(300, 10);
        await run.UntilEndedAsync(60);
        hung.Suspend();
        var back = Task.Delay(TimeSpan.FromSeconds(25));
        // The broker notices after two to three heartbeats of 5 s.
        await run.AllEndRightAsync(TimeSpan.FromSeconds(25));
        Assert.That(run.Ledger.RunAgain(), Has.Length.LessThanOrEqualTo(Prefetch));
        await back;
        hung.Continue();
        await other.KillAsync();
        await run.SubmitAsync(20, 10);
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    [Test]
    public async Task Broker_SuspendedFor25Seconds_HasLostNothing()
    {
        var node = await Brokers.FragileAsync();
        await using var run = new FailureRun(node.Uri);
        await run.HostAsync();
        await run.HostAsync();
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        node.Suspend();
        var back = Task.Delay(TimeSpan.FromSeconds(25));
        await run.SubmitAsync(100, 10);
        await back;
        node.Continue();
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    [TestCase(PartitionTests.Side.Submitter)]
    [TestCase(PartitionTests.Side.Hosts)]
    public async Task Network_SilentFor25Seconds_LosesNothing(PartitionTests.Side side)
    {
        var node = await Brokers.SharedAsync();
        await using var ofSubmitter = new BrokerProxy(node.Port);
        await using var ofHosts = new BrokerProxy(node.Port);
        await using var run = new FailureRun(ofSubmitter.Uri, hostBroker: ofHosts.Uri);
        await run.HostAsync();
        await run.SubmitAsync(300, 10);
        await run.UntilEndedAsync(50);
        var silent = side == PartitionTests.Side.Submitter ? ofSubmitter : ofHosts;
        silent.Silence();
        var back = Task.Delay(TimeSpan.FromSeconds(25));
        await run.SubmitAsync(50, 10);
        await back;
        silent.Resume();
        await run.AllEndRightAsync(FailureRun.Recovery);
    }
}
