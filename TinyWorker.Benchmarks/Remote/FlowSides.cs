using System.Globalization;
using RabbitMQ.Client;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>
/// Sends messages to a number of queues with RabbitMQ.Client alone, a connection for each, and waits until each is confirmed. There are no
/// replies: it shows what queues take.
/// </summary>
internal sealed class FlowPublisher : IRemoteSubmitter
{
    private readonly (IConnection Connection, BarePublisher Publisher, CachedString Queue)[] _lanes;
    private int _last;

    private FlowPublisher((IConnection, BarePublisher, CachedString)[] lanes) => _lanes = lanes;

    /// <param name="uri">Where the broker is.</param>
    /// <param name="names">The name of the queues and their number: <c>flow*4</c>.</param>
    public static async Task<FlowPublisher> StartAsync(string uri, string names)
    {
        List<(IConnection, BarePublisher, CachedString)> lanes = [];
        foreach (var name in NamesOf(names))
        {
            var connection = await BareTopology.ConnectAsync(uri, "publisher");
            lanes.Add((connection, await BarePublisher.OpenAsync(connection), new(name)));
        }

        return new FlowPublisher([.. lanes]);
    }

    public static IEnumerable<string> NamesOf(string names)
    {
        var parts = names.Split('*');
        return Enumerable.Range(0, int.Parse(parts[1], CultureInfo.InvariantCulture)).Select(number => $"{parts[0]}.{number}");
    }

    public async ValueTask<byte[]> CallAsync(byte[] payload)
    {
        var (_, publisher, queue) = _lanes[(uint)Interlocked.Increment(ref _last) % _lanes.Length];
        var message = new Message(queue, payload);
        publisher.Publish(message);
        return await message.Task;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (connection, publisher, _) in _lanes)
        {
            await publisher.DisposeAsync();
            await connection.CloseAsync();
            await connection.DisposeAsync();
        }
    }

    private sealed class Message(CachedString queue, byte[] body)
        : TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously), IBareMessage
    {
        public CachedString Exchange => queue;

        public CachedString RoutingKey => CachedString.Empty;

        public BasicProperties Properties { get; } = new() { DeliveryMode = DeliveryModes.Persistent, MessageId = "1234567890.1234567" };

        public ReadOnlyMemory<byte> Body => body;

        public void Confirmed() => TrySetResult(body);

        public void Fail(string reason) => TrySetException(new InvalidOperationException(reason));
    }
}

/// <summary>Takes the messages of a number of queues, a connection for each, and acknowledges them.</summary>
internal sealed class FlowConsumer : IAsyncDisposable
{
    private readonly List<IConnection> _connections = [];
    private long _count;

    private FlowConsumer()
    {
    }

    public long Count => Volatile.Read(ref _count);

    /// <inheritdoc cref="FlowPublisher.StartAsync"/>
    public static async Task<FlowConsumer> StartAsync(string uri, string names)
    {
        var consumer = new FlowConsumer();
        foreach (var name in FlowPublisher.NamesOf(names))
        {
            var connection = await BareTopology.ConnectAsync(uri, "consumer");
            consumer._connections.Add(connection);
            await BareTopology.DeclareTasksAsync(connection, name);
            var channel = await connection.CreateChannelAsync();
            await channel.BasicQosAsync(0, BareHost.Prefetch, global: false);
            await channel.BasicConsumeAsync(name, autoAck: false, new Messages(channel, consumer));
        }

        return consumer;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.CloseAsync();
            await connection.DisposeAsync();
        }
    }

    private sealed class Messages(IChannel channel, FlowConsumer consumer) : AsyncDefaultBasicConsumer(channel)
    {
        private readonly BareAcknowledger _acknowledger = new(channel);

        public override Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            _acknowledger.Ack(deliveryTag);
            Interlocked.Increment(ref consumer._count);
            return Task.CompletedTask;
        }
    }
}
