using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace TinyWorker.Benchmarks.Remote;

/// <summary>A message of the bare peer that is to be confirmed.</summary>
internal interface IBareMessage
{
    public CachedString Exchange { get; }

    public CachedString RoutingKey { get; }

    public BasicProperties Properties { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The broker has stored it. It must not block.</summary>
    public void Confirmed();

    /// <summary>It has not, and will not.</summary>
    public void Fail(string reason);
}

/// <summary>
/// What a careful user writes instead of the client's own tracking of confirms, which makes a task and a header for each message: one
/// writer a channel, a ring of the messages that are not confirmed.
/// </summary>
internal sealed class BarePublisher : IAsyncDisposable
{
    private const int RingSize = 8192;   // more than may be unconfirmed at a time; a power of two

    private readonly Channel<IBareMessage> _queue = Channel.CreateUnbounded<IBareMessage>(new() { SingleReader = true });
    private readonly Lock _gate = new();
    private readonly IBareMessage?[] _ring = new IBareMessage?[RingSize];   // by sequence number
    private readonly List<IBareMessage> _confirmed = [];                    // of the confirm that is being handled; one at a time
    private readonly IChannel _channel;
    private readonly Task _writer;
    private ulong _first = 1;   // the lowest sequence number that is not confirmed
    private ulong _next = 1;

    private BarePublisher(IChannel channel)
    {
        _channel = channel;
        channel.BasicAcksAsync += OnAckAsync;
        channel.BasicNacksAsync += OnNackAsync;
        channel.BasicReturnAsync += OnReturnAsync;
        _writer = Task.Run(WriteAsync);
    }

    public static async Task<BarePublisher> OpenAsync(IConnection connection) =>
        new(await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false)));

    public void Publish(IBareMessage message)
    {
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(message), this);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.Complete();
        await _writer;
        await _channel.DisposeAsync();
    }

    private async Task WriteAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var message))
            {
                lock (_gate)
                {
                    if (_next - _first >= RingSize) throw new InvalidOperationException($"More than {RingSize} messages are unconfirmed.");
                    _ring[_next++ % RingSize] = message;   // before it is sent: the confirm may come at once
                }

                await _channel.BasicPublishAsync(message.Exchange, message.RoutingKey, mandatory: true, message.Properties, message.Body);
            }
        }
    }

    private Task OnAckAsync(object sender, BasicAckEventArgs confirm)
    {
        Take(confirm.DeliveryTag, confirm.Multiple);
        foreach (var message in _confirmed)
            message.Confirmed();
        _confirmed.Clear();
        return Task.CompletedTask;
    }

    private Task OnNackAsync(object sender, BasicNackEventArgs nack)
    {
        Take(nack.DeliveryTag, nack.Multiple);
        foreach (var message in _confirmed)
            message.Fail("The broker rejected the message.");
        _confirmed.Clear();
        return Task.CompletedTask;
    }

    // A benchmark that has this is wrong: it ends.
    private static Task OnReturnAsync(object sender, BasicReturnEventArgs returned)
    {
        Environment.FailFast($"The broker returned a message: {returned.ReplyText}");
        return Task.CompletedTask;
    }

    private void Take(ulong tag, bool multiple)
    {
        lock (_gate)
        {
            for (var number = multiple ? _first : tag; number <= tag; number++)
            {
                ref var place = ref _ring[number % RingSize];
                if (place is { } message) _confirmed.Add(message);
                place = null;
            }

            while (_first < _next && _ring[_first % RingSize] is null)
                _first++;
        }
    }
}
