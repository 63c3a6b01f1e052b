using System.Diagnostics;
using System.Globalization;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// The brokers of a run of tests. Each is started by the first test that needs it, and all are stopped at the end by
/// <see cref="BrokersSetUp"/>. Tests share them: each has troupes of its own, by <see cref="NewTroupe"/>. With TINYWORKER_AMQP the shared
/// broker is the one that it names; tests that must stop or kill a node are ignored then.
/// </summary>
internal static class Brokers
{
    private static readonly List<RabbitNode> Nodes = [];
    private static readonly SemaphoreSlim Starting = new(1);
    private static BrokerYard? yard;
    private static RabbitNode? shared;
    private static RabbitNode? fragile;
    private static RabbitCluster? cluster;
    private static int count;

    private static string? Given => Environment.GetEnvironmentVariable("TINYWORKER_AMQP") is { Length: > 0 } uri ? uri : null;

    /// <summary>The URI of the broker that tests share. They must leave it as it is.</summary>
    public static async Task<string> UriAsync() => Given ?? (await SharedAsync()).Uri;

    /// <summary>The one node that tests share, for those that ask or configure it: rabbitmqctl. They must not stop it.</summary>
    public static Task<RabbitNode> SharedAsync() => OnceAsync(() => shared, async () => shared = await NodeAsync("n1"));

    /// <summary>One node for tests that stop, kill, suspend or block it. They are <c>[NonParallelizable]</c> towards one another (one
    /// fixture). It is restored before it is given.</summary>
    public static async Task<RabbitNode> FragileAsync()
    {
        var node = await OnceAsync(() => fragile, async () => fragile = await NodeAsync("n2"));
        await node.RestoreAsync();
        return node;
    }

    /// <summary>A cluster of three nodes, for tests that stop, kill or suspend some (one fixture). It is restored before it is
    /// given.</summary>
    public static async Task<RabbitCluster> ClusterAsync()
    {
        var whole = await OnceAsync(() => cluster, async () =>
        {
            cluster = await RabbitCluster.StartAsync(await YardAsync());
            Nodes.AddRange(cluster.Nodes);
            return cluster;
        });
        await whole.RestoreAsync();
        return whole;
    }

    /// <summary>A name for a troupe that no other test, and no other run, has.</summary>
    public static string NewTroupe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Tidy(TestContext.CurrentContext.Test.MethodName)}.{Environment.ProcessId}.{Interlocked.Increment(ref count)}");

    /// <summary>Removes the queues and exchanges of a troupe from a broker that outlives the tests.</summary>
    public static async Task ForgetAsync(string troupe)
    {
        if (Given is not { } uri) return;
        await using var connection = await new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var end in new[] { "", ".suspects", ".dead", ".control" })
        {
            await channel.QueueDeleteAsync($"tw.{troupe}{end}");
            await channel.ExchangeDeleteAsync($"tw.{troupe}{end}");
        }
    }

    internal static async Task StopAllAsync()
    {
        if (yard is null) return;
        foreach (var node in Nodes) await node.KillAsync();
        await yard.CloseAsync();
    }

    private static string Tidy(string? method) => method is null ? "tests" : method[..Math.Min(40, method.Length)];

    private static async Task<RabbitNode> NodeAsync(string name)
    {
        var node = new RabbitNode(await YardAsync(), name);
        Nodes.Add(node);
        await node.StartAsync();
        return node;
    }

    // Under the lock of the caller.
    private static async Task<BrokerYard> YardAsync() => yard ??= await BrokerYard.MakeAsync();

    private static async Task<T> OnceAsync<T>(Func<T?> existing, Func<Task<T>> make)
        where T : class
    {
        if (Given is not null) Assert.Ignore("TINYWORKER_AMQP names a broker that these tests must not stop.");
        await Starting.WaitAsync();
        try
        {
            if (existing() is { } there) return there;
            var clock = Stopwatch.StartNew();
            var made = await make();
            TestContext.Progress.WriteLine($"{made} started in {clock.Elapsed.TotalSeconds:0.0} s");
            return made;
        }
        finally
        {
            Starting.Release();
        }
    }
}
