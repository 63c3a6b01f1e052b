namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Three nodes that are one broker.</summary>
internal sealed class RabbitCluster
{
    private RabbitCluster(RabbitNode[] nodes) => Nodes = nodes;

    public IReadOnlyList<RabbitNode> Nodes { get; }

    /// <summary>All three nodes, as <see cref="BrokerText"/> takes them.</summary>
    public string Uris => string.Join(' ', Nodes.Select(node => node.Uri));

    /// <summary>Starts three nodes and joins them (17 s on an idle machine).</summary>
    public static async Task<RabbitCluster> StartAsync(BrokerYard yard)
    {
        var nodes = new[] { new RabbitNode(yard, "c1"), new RabbitNode(yard, "c2"), new RabbitNode(yard, "c3") };
        await Task.WhenAll(nodes.Select(node => node.StartAsync()));
        foreach (var node in nodes[1..])
        {
            await node.CtlAsync("stop_app");
            await node.CtlAsync("join_cluster", nodes[0].NodeName);
            await node.CtlAsync("start_app");
        }

        return new RabbitCluster(nodes);
    }

    /// <summary>The node that leads a quorum queue.</summary>
    public async Task<RabbitNode> LeaderAsync(string queue)
    {
        var asked = Nodes.First(node => node.IsRunning);
        var text = await asked.RunAsync("rabbitmqctl", "list_queues", "--no-table-headers", "name", "leader");
        var line = text.Split('\n').Select(line => line.Split('\t')).Single(columns => columns[0] == queue);
        return Nodes.Single(node => node.NodeName == line[1].Trim());
    }

    public override string ToString() => string.Join(", ", Nodes);

    /// <summary>Brings all nodes back to how tests find them.</summary>
    public async Task RestoreAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.RestoreAsync()));
        await Nodes[0].CtlAsync("await_online_nodes", "3");
    }
}
