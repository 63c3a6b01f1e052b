using RabbitMQ.Client;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>
/// Answers each task with its input, with RabbitMQ.Client alone. The function is called where the delivery arrives: no queue and no worker
/// is between. The reply is confirmed before the task is acknowledged.
/// </summary>
internal sealed class BareHost : IAsyncDisposable
{
    public const ushort Prefetch = 256;

    private readonly IConnection _connection;
    private readonly BarePublisher _publisher;

    private BareHost(IConnection connection, BarePublisher publisher) => (_connection, _publisher) = (connection, publisher);

    public static async Task<BareHost> StartAsync(string uri, string name)
    {
        var connection = await BareTopology.ConnectAsync(uri, "host");
        await BareTopology.DeclareTasksAsync(connection, name);
        var publisher = await BarePublisher.OpenAsync(connection);
        var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, Prefetch, global: false);
        await channel.BasicConsumeAsync(name, autoAck: false, new Tasks(channel, publisher));
        return new BareHost(connection, publisher);
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _connection.CloseAsync();
        await _connection.DisposeAsync();
    }

    private sealed class Tasks(IChannel channel, BarePublisher publisher) : AsyncDefaultBasicConsumer(channel)
    {
        private readonly BareAcknowledger _acknowledger = new(channel);

        // The reply queue of the last task: that of the next one is most often the same.
        private CachedString _replyQueue = CachedString.Empty;

        public override Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            if (_replyQueue.Value != properties.ReplyTo) _replyQueue = new(properties.ReplyTo!);
            publisher.Publish(new Reply(_acknowledger, deliveryTag, _replyQueue, properties.MessageId!, body.ToArray()));
            return Task.CompletedTask;
        }
    }

    private sealed class Reply(BareAcknowledger acknowledger, ulong deliveryTag, CachedString replyQueue, string id, byte[] body)
        : IBareMessage
    {
        public CachedString Exchange => CachedString.Empty;

        public CachedString RoutingKey => replyQueue;

        public BasicProperties Properties { get; } = new()
        {
            MessageId = id,
            CorrelationId = id,
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = "application/octet-stream",
        };

        public ReadOnlyMemory<byte> Body => body;

        public void Confirmed() => acknowledger.Ack(deliveryTag);

        public void Fail(string reason) => Environment.FailFast(reason);
    }
}
