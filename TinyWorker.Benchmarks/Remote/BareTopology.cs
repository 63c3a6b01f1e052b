using RabbitMQ.Client;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>The exchange and the queues of the bare peer: of the same kinds, and with the same settings, as those of
/// TinyWorker.RabbitMQ.</summary>
internal static class BareTopology
{
    public static async Task<IConnection> ConnectAsync(string uri, string purpose) =>
        await new ConnectionFactory
        {
            Uri = new Uri(uri),
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = TimeSpan.FromSeconds(30),   // the machine may be busy
            ClientProvidedName = $"bare {purpose}",
        }.CreateConnectionAsync();

    public static async Task DeclareTasksAsync(IConnection connection, string name)
    {
        await using var channel = await connection.CreateChannelAsync();
        await channel.ExchangeDeclareAsync(name + ".dead", ExchangeType.Topic, durable: true, autoDelete: false);
        await channel.QueueDeclareAsync(name + ".dead", durable: true, exclusive: false, autoDelete: false, Quorum());
        await channel.QueueBindAsync(name + ".dead", name + ".dead", "#");
        await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, autoDelete: false);
        var arguments = Quorum();
        arguments["x-delivery-limit"] = 20;
        arguments["x-dead-letter-exchange"] = name + ".dead";
        arguments["x-dead-letter-strategy"] = "at-least-once";
        arguments["x-overflow"] = "reject-publish";
        await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, arguments);
        await channel.QueueBindAsync(name, name, "");
    }

    public static async Task<string> DeclareRepliesAsync(IConnection connection, string name)
    {
        var queue = $"{name}.replies.{Guid.NewGuid():N}";
        await using var channel = await connection.CreateChannelAsync();
        var arguments = Quorum();
        arguments["x-expires"] = 300_000;
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments);
        await channel.QueueBindAsync(queue, name + ".dead", queue);
        return queue;
    }

    private static Dictionary<string, object?> Quorum() => new() { ["x-queue-type"] = "quorum", ["x-quorum-initial-group-size"] = 3 };
}
