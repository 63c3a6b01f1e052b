namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The network between the sides and the broker: cut, silent, slow. Submitter and hosts have a way each.</summary>
public sealed class PartitionTests
{
    public enum Side
    {
        Submitter,
        Hosts,
        Both,
    }

    [TestCase(Side.Submitter)]
    [TestCase(Side.Hosts)]
    [TestCase(Side.Both)]
    public async Task Network_CutAgainAndAgain_LosesNothing(Side side)
    {
        var node = await Brokers.SharedAsync();
        await using var ofSubmitter = new BrokerProxy(node.Port);
        await using var ofHosts = new BrokerProxy(node.Port);
        await using var run = new FailureRun(ofSubmitter.Uri, hostBroker: ofHosts.Uri);
        await run.HostAsync();
        await run.HostAsync();
        await run.SubmitAsync(600, 10);
        for (var cut = 1; cut <= 4; cut++)
        {
            await run.UntilEndedAsync(cut * 75, FailureRun.Recovery);
            if (side != Side.Hosts) await run.UntilAsync(() => IsConnected(run, reconnects: cut - 1), "the connection");
            if (side != Side.Hosts) ofSubmitter.Cut();
            if (side != Side.Submitter) ofHosts.Cut();
        }

        await run.AllEndRightAsync(FailureRun.Recovery);
        if (side != Side.Hosts) await run.UntilAsync(() => IsConnected(run, reconnects: 4), "the connection");
        // A reply that was on its way is kept by the host or by the broker: only hosts that lost their connection may run a task again.
        if (side == Side.Submitter) run.NothingRanTwice();
    }

    [Test]
    public async Task Network_ThatIsSlow_IsNoFailure()
    {
        var node = await Brokers.SharedAsync();
        await using var proxy = new BrokerProxy(node.Port);
        proxy.Delay(TimeSpan.FromMilliseconds(30));
        await using var run = new FailureRun(proxy.Uri);
        await run.HostAsync();
        await run.SubmitAsync(200, 1);
        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
        Assert.That(run.Submitter.Broker.Reconnects, Is.Zero);
    }

    private static bool IsConnected(FailureRun run, int reconnects) =>
        run.Submitter.Broker is { Connection: RabbitConnectionState.Ready } broker && broker.Reconnects == reconnects;
}
