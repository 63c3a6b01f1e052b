using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>A host whose local troupe runs nothing: no task of the queue is to fault for that.</summary>
[TestFixture]
public sealed class HostOfDownTroupeTests
{
    [Test]
    public async Task Troupe_ThatLosesItsWorkersAndGetsThemBack_FaultsNoTask()
    {
        var isBroken = false;
        var name = Brokers.NewTroupe();
        var uri = await Brokers.UriAsync();
        await using var troupe = new TinyTroupe<int, int>(
            _ => Volatile.Read(ref isBroken) ? throw new InvalidOperationException("no licence") : new Fragile(() => isBroken),
            new ThreadTroupeOptions
            {
                Name = name, Workers = 1, StartPatience = TimeSpan.Zero, ReplaceWorkerWhen = static e => e is TimeZoneNotFoundException,
            });
        await using var host = new RabbitTroupeHost<int, int>(troupe, new RabbitHostOptions { Broker = uri, Prefetch = 5 });
        var run = host.RunAsync(CancellationToken.None);
        await Within.Time(host.WhenReadyAsync(), "the host to take tasks");
        await using var submitter = await RawSubmitter.ConnectAsync(uri, name);

        isBroken = true;
        await submitter.SendAsync("breaks", 1);   // faults as its own worker breaks: that is the task's
        Assert.That((await submitter.ReplyAsync()).Exception, Is.TypeOf<TimeZoneNotFoundException>());
        for (var i = 0; i < 20; i++) await submitter.SendAsync($"t{i}", i);
        await Eventually.IsTrueAsync(() => !host.Snapshot().IsConsuming, () => $"the host to take none; now: {host.Snapshot()}");
        await Probe.UntilQueueAsync(uri, submitter.Tasks, static ready => ready == 20, "all to go back");
        Assert.That(submitter.HasReply, Is.False);
        Volatile.Write(ref isBroken, false);

        var replies = await submitter.RepliesAsync(20);
        Assert.That(replies.Values.Select(static reply => reply.Outcome), Is.All.EqualTo(TaskOutcome.Ok));
        Assert.That(host.Snapshot() is { IsConsuming: true, Suspected: 0 }, Is.True, () => host.Snapshot().ToString());
        await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
        await Within.Time(run, "RunAsync to end");
    }

    [Test]
    public async Task Troupe_AbortedUnderItsHost_FaultsNoTaskAndTheHostTakesNone()
    {
        await using var served = await ServedTroupe.StartAsync(workers: 1);
        await served.Submitter.SendAsync("running", -1);
        await served.BegunAsync(-1);
        await served.Submitter.SendAsync("waiting", 1);
        await served.UntilAsync(static host => host.Run == 2, "the second to wait");

        served.Troupe.Abort();

        await served.UntilAsync(static host => !host.IsConsuming, "the host to take none");
        await served.Submitter.SendAsync("later", 2);
        await Probe.UntilQueueAsync(await Brokers.UriAsync(), served.Submitter.Tasks, static ready => ready == 3, "all to go back");
        Assert.That(served.Submitter.HasReply, Is.False);
        await served.StopHostAsync();
        Assert.That(await served.Submitter.DrainAsync(), Is.EquivalentTo(new[] { "running", "waiting", "later" }));
    }

    [Test]
    public async Task Troupe_StoppedBeforeItsHost_IsNamedInTheLogAndFaultsNoTask()
    {
        await using var served = await ServedTroupe.StartAsync();
        await Within.Time(served.Troupe.DisposeAsync().AsTask(), "the troupe to stop");

        await served.Submitter.SendAsync("a", 1);

        await served.UntilAsync(static host => !host.IsConsuming, "the host to take none");
        await Probe.UntilQueueAsync(await Brokers.UriAsync(), served.Submitter.Tasks, static ready => ready == 1, "it to go back");
        Assert.That(served.Submitter.HasReply, Is.False);
        Assert.That(served.Logs.ToString(), Does.Contain("Stop the host first"));
    }

    [Test]
    public async Task Troupe_BrokenFromTheStart_FaultsNoTask()
    {
        var name = Brokers.NewTroupe();
        var uri = await Brokers.UriAsync();
        await using var troupe = new TinyTroupe<int, int>(
            static ITinyWorker<int, int> (_) => throw new InvalidOperationException("no model"),
            new ThreadTroupeOptions { Name = name, Workers = 1 });
        await using var host = new RabbitTroupeHost<int, int>(troupe, new RabbitHostOptions { Broker = uri });
        var run = host.RunAsync(CancellationToken.None);
        await Eventually.IsTrueAsync(() => host.Snapshot().Connection == RabbitConnectionState.Ready, () => "a connection");
        await using var submitter = await RawSubmitter.ConnectAsync(uri, name);

        await submitter.SendAsync("a", 1);

        await Eventually.IsTrueAsync(() => host.Snapshot() is { IsConsuming: false }, () => $"none taken; now: {host.Snapshot()}");
        await Probe.UntilQueueAsync(uri, submitter.Tasks, static ready => ready == 1, "it to go back");
        Assert.That(submitter.HasReply, Is.False);
        await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
        await Within.Time(run, "RunAsync to end");
    }

    private sealed class Fragile(Func<bool> breaks) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) =>
            breaks() ? throw new TimeZoneNotFoundException("the worker breaks") : input * 10;
    }
}
