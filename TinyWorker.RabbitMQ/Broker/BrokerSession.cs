using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// One connection with its channels. It lives and dies as a whole: whatever fails in it (a channel that is shut down, a consumer that is
/// cancelled by the broker, a publisher) ends the session, and the <see cref="BrokerConnection"/> makes another. Thread-safe.
/// </summary>
internal sealed class BrokerSession
{
    private BrokerSession() => throw new NotImplementedException();

    /// <summary>The node that it is connected to, as host:port.</summary>
    public string Endpoint => throw new NotImplementedException();

    /// <summary>Fires when the session has ended.</summary>
    public CancellationToken Ended => throw new NotImplementedException();

    /// <summary>Whether the broker takes nothing at the moment.</summary>
    public bool IsBlocked => throw new NotImplementedException();

    /// <summary>Opens a channel without confirms, whose end is the end of the session.</summary>
    /// <param name="prefetch">How many deliveries may be unacknowledged on it; 0 for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<IChannel> OpenChannelAsync(ushort prefetch, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Opens a channel of its own for one question whose refusal (404, 406) closes the channel, and closes it again. The session
    /// survives.</summary>
    public Task<T> AskAsync<T>(Func<IChannel, CancellationToken, Task<T>> question, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Opens a channel with confirms, and its one writer.</summary>
    public Task<ConfirmingPublisher> OpenPublisherAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Consumes from a queue; each delivery is given to the handler, one at a time in order. The body is only valid during the call.
    /// A consumer that the broker cancels ends the session.</summary>
    /// <returns>The consumer's tag.</returns>
    public Task<string> ConsumeAsync(IChannel channel, string queue, bool exclusive, DeliveryHandler handler, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Ends the session: the connection is aborted.</summary>
    /// <param name="reason">Why.</param>
    public void Fail(Exception reason) => throw new NotImplementedException();
}

/// <summary>Takes one delivery. The body is only valid until the returned task ends.</summary>
internal delegate ValueTask DeliveryHandler(
    ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body);
