using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>What a worker learns of its delivery, wherever it runs.</summary>
[TestFixture]
public sealed class RabbitDeliveryTests
{
    [Test]
    public void Current_OutsideOfATask_IsNull() => Assert.That(RabbitDelivery.Current, Is.Null);

    [Test]
    public Task Current_OnAThread_IsTheDelivery() => CheckAsync(
        static name => new TinyTroupe<int, string>(static (_, _) => Describe(), new ThreadTroupeOptions { Name = name, Workers = 1 }));

    [Test]
    public Task Current_OnThePool_IsTheDeliveryAfterAnAwaitToo() => CheckAsync(static name => new TinyTroupe<int, string>(
        static async (_, _) =>
        {
            await Task.Yield();
            return Describe();
        },
        new PoolTroupeOptions { Name = name, Workers = 1 }));

    [Test]
    public Task Current_InAProcess_IsTheDelivery() => CheckAsync(
        static name => new TinyTroupe<int, string>(static (_, _) => Describe(), new ProcessTroupeOptions { Name = name, Workers = 1 }));

    [Test]
    public Task Current_Inline_IsTheDelivery() => CheckAsync(
        static name => new TinyTroupe<int, string>(static (_, _) => Describe(), new InlineTroupeOptions { Name = name }));

    private static string Describe() => RabbitDelivery.Current is { } delivery
        ? $"{delivery.TaskId} {delivery.Attempt} {delivery.Redelivered} {Environment.ProcessId != TestProcess()}"
        : "none";

    private static int TestProcess() => AppDomain.CurrentDomain.FriendlyName.Contains("testhost", StringComparison.Ordinal)
        ? Environment.ProcessId
        : 0;

    private static async Task CheckAsync(Func<string, TinyTroupe<int, string>> make)
    {
        var name = Brokers.NewTroupe();
        var uri = await Brokers.UriAsync();
        await using var troupe = make(name);
        await using var host = new RabbitTroupeHost<int, string>(troupe, new RabbitHostOptions { Broker = uri, Prefetch = 5 });
        var run = host.RunAsync(CancellationToken.None);
        await Within.Time(host.WhenReadyAsync(), "the host to take tasks");
        await using var submitter = await RawSubmitter.ConnectAsync(uri, name);
        var contract = Contract.Of<int, string>(null);

        for (var i = 0; i < 3; i++)
        {
            await submitter.SendAsync($"first{i}", 1, contract);
            await submitter.SendAsync($"second{i}", 1, contract, headers: static headers => headers[MessageHeaders.Before] = 1);
        }

        var replies = await submitter.RepliesAsync(6);
        var codec = new PayloadCodec<string>(new JsonPayloadSerializer(), 1024, "none");
        for (var i = 0; i < 3; i++)
        {
            Assert.That(codec.Read(replies[$"first{i}"].Body), Does.StartWith($"first{i} 1 False"));
            Assert.That(codec.Read(replies[$"second{i}"].Body), Does.StartWith($"second{i} 2 True"));
        }

        await Within.Time(host.StopAsync(CancellationToken.None), "the host to stop");
        await Within.Time(run, "RunAsync to end");
    }
}
