namespace TinyWorker.RabbitMQ.Tests;

/// <summary>Brokers as an argument of a program: URIs with spaces between, one for each node.</summary>
internal static class BrokerText
{
    public static RabbitBroker Parse(string text)
    {
        var nodes = text.Split(' ').Select(uri => RabbitBroker.FromUri(new Uri(uri))).ToArray();
        return nodes[0] with { Endpoints = [.. nodes.SelectMany(node => node.Endpoints)] };
    }
}
