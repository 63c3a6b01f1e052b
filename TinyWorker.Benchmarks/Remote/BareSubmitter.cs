using System.Collections.Concurrent;
using System.Globalization;
using RabbitMQ.Client;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>Sends tasks with RabbitMQ.Client alone, and awaits their replies.</summary>
internal sealed class BareSubmitter : IRemoteSubmitter
{
    private readonly ConcurrentDictionary<string, Call> _calls = new();
    private readonly IConnection _connection;
    private readonly BarePublisher _publisher;
    private readonly CachedString _exchange;
    private readonly CachedString _replyQueue;
    private long _lastId;

    private BareSubmitter(IConnection connection, BarePublisher publisher, string name, string replyQueue) =>
        (_connection, _publisher, _exchange, _replyQueue) = (connection, publisher, new(name), new(replyQueue));

    public static async Task<BareSubmitter> StartAsync(string uri, string name)
    {
        var connection = await BareTopology.ConnectAsync(uri, "submitter");
        await BareTopology.DeclareTasksAsync(connection, name);
        var replyQueue = await BareTopology.DeclareRepliesAsync(connection, name);
        var submitter = new BareSubmitter(connection, await BarePublisher.OpenAsync(connection), name, replyQueue);
        var channel = await connection.CreateChannelAsync();
        await channel.BasicConsumeAsync(
            replyQueue, autoAck: false, "", noLocal: false, exclusive: true, arguments: null, new Replies(channel, submitter._calls));
        return submitter;
    }

    public async ValueTask<byte[]> CallAsync(byte[] payload)
    {
        var call = new Call(this, Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture), payload);
        _calls[call.Properties.MessageId!] = call;
        _publisher.Publish(call);
        return await call.Task;
    }

    public async ValueTask DisposeAsync()
    {
        await _publisher.DisposeAsync();
        await _connection.CloseAsync();
        await _connection.DisposeAsync();
    }

    private sealed class Call(BareSubmitter submitter, string id, byte[] payload)
        : TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously), IBareMessage
    {
        public CachedString Exchange => submitter._exchange;

        public CachedString RoutingKey => submitter._replyQueue;

        public BasicProperties Properties { get; } = new()
        {
            MessageId = id,
            CorrelationId = id,
            ReplyTo = submitter._replyQueue.Value,
            DeliveryMode = DeliveryModes.Persistent,
            ContentType = "application/octet-stream",
        };

        public ReadOnlyMemory<byte> Body => payload;

        public void Confirmed()
        {
            // The reply says more.
        }

        public void Fail(string reason) => TrySetException(new InvalidOperationException(reason));
    }

    private sealed class Replies(IChannel channel, ConcurrentDictionary<string, Call> calls) : AsyncDefaultBasicConsumer(channel)
    {
        private readonly BareAcknowledger _acknowledger = new(channel);

        public override Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            if (calls.TryRemove(properties.CorrelationId!, out var call)) call.TrySetResult(body.ToArray());
            _acknowledger.Ack(deliveryTag);
            return Task.CompletedTask;
        }
    }
}
