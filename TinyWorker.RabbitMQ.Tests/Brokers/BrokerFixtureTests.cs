using System.Net.Sockets;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What the other tests rely on: the nodes do what they are told, and keep what they have stored.</summary>
[NonParallelizable]
public sealed class BrokerFixtureTests
{
    [Test]
    public async Task Node_KilledAndStartedAgain_HasItsQueuesAndItsPort()
    {
        var node = await Brokers.FragileAsync();
        var (port, queue) = (node.Port, Brokers.NewTroupe());
        await using (var connection = await ConnectAsync(node))
        {
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclareAsync(
                queue, true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        }

        var first = node.ProcessId;
        await node.KillAsync();
        Assert.That(node.IsRunning, Is.False);
        await Assert.ThatAsync(() => DialAsync(port), Throws.InstanceOf<SocketException>());
        await node.StartAsync();
        Assert.That(node.ProcessId, Is.Not.EqualTo(first));
        await using (var connection = await ConnectAsync(node))
        {
            await using var channel = await connection.CreateChannelAsync();
            Assert.That((await channel.QueueDeclarePassiveAsync(queue)).QueueName, Is.EqualTo(queue));
            await channel.QueueDeleteAsync(queue);
        }
    }

    [Test]
    public async Task Node_Suspended_AnswersNobodyUntilItContinues()
    {
        var node = await Brokers.FragileAsync();
        await using var connection = await ConnectAsync(node);
        node.Suspend();
        var channel = connection.CreateChannelAsync();
        await Assert.ThatAsync(() => channel.WaitAsync(TimeSpan.FromMilliseconds(500)), Throws.InstanceOf<TimeoutException>());
        node.Continue();
        await using var opened = await Within.Time(channel);
        Assert.That(opened.IsOpen);
    }

    [Test]
    [Category("Long")]
    public async Task Broker_WhoseTestsAreKilled_EndsWithThemAndLeavesNoFolder()
    {
        BrokerInstallation.Require();
        using var ledger = new Ledger();
        await using var program = await TestProgram.StartAsync(BrokerProgram.Name, 0, ledger);
        var words = (await program.LineAsync("broker", RabbitNode.Patience)).Split(' ');
        var processes = words[1..3].Select(id => "/proc/" + id).ToArray();
        Assert.That(processes, Has.All.Matches<string>(Directory.Exists));
        await program.KillAsync();
        Within.Until(
            () => !Array.Exists(processes, Directory.Exists) && !Directory.Exists(words[3]), "the end of the broker and its folder");
    }

    private static async Task DialAsync(int port)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", port);
    }

    private static Task<IConnection> ConnectAsync(RabbitNode node) =>
        new ConnectionFactory { Uri = new Uri(node.Uri), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
}
