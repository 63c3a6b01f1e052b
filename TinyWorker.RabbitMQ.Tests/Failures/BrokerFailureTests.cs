using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The only node of a broker dies, restarts, hangs or blocks.</summary>
[NonParallelizable]
public sealed class BrokerFailureTests
{
    // From the broker's return to the next task that ends. (Idle: 1 to 5 s.)
    private static readonly TimeSpan Return = TimeSpan.FromSeconds(30);

    [Test]
    public async Task Broker_KilledUnderLoadAndStartedAgain_HasLostNothing()
    {
        var node = await Brokers.FragileAsync();
        await using var run = new FailureRun(node.Uri);
        await StartHostsAsync(run);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        await node.KillAsync();
        await run.SubmitAsync(100, 10);   // accepted meanwhile
        await node.StartAsync();
        var ended = run.Ended;
        await run.UntilAsync(() => run.Ended > ended, "the end of another task after the broker's return", Return);
        await run.AllEndRightAsync(FailureRun.Recovery);
        Assert.That(run.Submitter.Broker.Reconnects, Is.GreaterThan(0));
    }

    [Test]
    public async Task Broker_StoppedByItsOperatorAndStartedAgain_HasLostNothing()
    {
        var node = await Brokers.FragileAsync();
        await using var run = new FailureRun(node.Uri);
        await StartHostsAsync(run);
        await run.SubmitAsync(500, 10);
        await run.UntilEndedAsync(100);
        await node.StopAsync();
        await node.StartAsync();
        await run.AllEndRightAsync(FailureRun.Recovery);
    }

    [Test]
    public async Task Broker_BlockedByItsMemoryAlarm_HasLostNothingAndRunNothingTwice()
    {
        var node = await Brokers.FragileAsync();
        await using var run = new FailureRun(node.Uri);
        await StartHostsAsync(run);
        await run.SubmitAsync(100, 10);
        await run.UntilEndedAsync(20);
        await node.CtlAsync("set_vm_memory_high_watermark", "absolute", "1");
        try
        {
            await run.SubmitAsync(200, 10);
            await run.UntilAsync(() => run.Submitter.Broker.Connection == RabbitConnectionState.Blocked, "the state Blocked");
            await Task.Delay(TimeSpan.FromSeconds(8));
            Assert.That(run.Submitted.Count - run.Ended, Is.GreaterThan(0), "all ended although the broker took nothing");
        }
        finally
        {
            await node.CtlAsync("set_vm_memory_high_watermark", "0.4");
        }

        await run.AllEndRightAsync(FailureRun.Recovery);
        run.NothingRanTwice();
        Assert.That(run.Submitter.Broker.Connection, Is.EqualTo(RabbitConnectionState.Ready));
    }

    [Test]
    public async Task Submitter_DisposedWhileTheBrokerIsBlocked_DoesNotHang()
    {
        var node = await Brokers.FragileAsync();
        await using var run = new FailureRun(node.Uri);
        await Within.Time(run.Submitter.WhenReadyAsync(), "the submitter");
        await node.CtlAsync("set_vm_memory_high_watermark", "absolute", "1");
        try
        {
            await run.SubmitAsync(50, 10);
            await run.UntilAsync(() => run.Submitter.Broker.Connection == RabbitConnectionState.Blocked, "the state Blocked");
            var clock = Stopwatch.StartNew();
            run.Submitter.Abort();
            await Within.Time(run.Submitter.DisposeAsync().AsTask(), "the disposal");
            // 5 s are promised; twice that on a loaded machine.
            Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(10)));
            Assert.That(run.Submitted.Select(task => task.Future.Status), Has.All.EqualTo(TinyFutureStatus.Canceled));
        }
        finally
        {
            await node.CtlAsync("set_vm_memory_high_watermark", "0.4");
        }
    }

    private static async Task StartHostsAsync(FailureRun run)
    {
        await run.HostAsync();
        await run.HostAsync(settings => settings with { BackEnd = HostBackEnd.Threads });
    }
}
