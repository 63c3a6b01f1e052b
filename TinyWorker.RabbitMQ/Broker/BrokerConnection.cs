using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>What a <see cref="BrokerConnection"/> is made of.</summary>
/// <param name="Troupe">The name of the troupe, for errors and logs.</param>
/// <param name="Purpose">Which side it is, in the name of the connection that operators see: "submitter" or "host".</param>
/// <param name="Broker">Where the broker is.</param>
/// <param name="Heartbeat">How often both ends show that they are there.</param>
/// <param name="BrokerLostAfter">After which time without a broker <see cref="BrokerConnection.Outage"/> is set.</param>
/// <param name="Logger">Where it logs to.</param>
/// <param name="TimeProvider">The clock.</param>
internal sealed record BrokerConnectionSettings(
    string Troupe, string Purpose, RabbitBroker Broker, TimeSpan Heartbeat, TimeSpan BrokerLostAfter, ILogger Logger,
    TimeProvider TimeProvider);

/// <summary>
/// A connection to the broker that is made again whenever it is lost, until it is disposed or the broker refuses for good. One loop owns it.
/// The recovery of RabbitMQ.Client is off: a set-up that failed in the middle would leave consumers behind (rabbitmq-dotnet-client#1993).
/// </summary>
internal sealed class BrokerConnection : IAsyncDisposable
{
    /// <param name="settings">What it is made of.</param>
    /// <param name="setUp">Called for each new session, before the connection counts as ready: looks at the topology, starts consumers. If it
    /// throws, or takes too long, the session is aborted and another is tried.</param>
    public BrokerConnection(BrokerConnectionSettings settings, Func<BrokerSession, CancellationToken, Task> setUp) =>
        throw new NotImplementedException();

    public RabbitConnectionState State => throw new NotImplementedException();

    /// <summary>The session, while the connection is ready or blocked; else null. It may end at any moment.</summary>
    public BrokerSession? Current => throw new NotImplementedException();

    /// <summary>How often the connection was made again.</summary>
    public int Reconnects => throw new NotImplementedException();

    /// <summary>Why there is no connection; null while there is one.</summary>
    public Exception? LastError => throw new NotImplementedException();

    /// <summary>
    /// How whatever waits for the broker ends now: with a <see cref="RabbitTopologyException"/> (for good), or with a
    /// <see cref="BrokerUnavailableException"/> once there was no broker for too long (until it is back). Null while it may wait.
    /// </summary>
    public TroupeException? Outage => throw new NotImplementedException();

    /// <summary>Called on the pool, one call at a time, after <see cref="State"/> or <see cref="Outage"/> has changed. Set before
    /// <see cref="Start"/>.</summary>
    public Action? Changed { get; set; }

    /// <summary>Starts the loop. Once.</summary>
    public void Start() => throw new NotImplementedException();

    /// <summary>Waits until the connection is ready for the first time, or again.</summary>
    /// <exception cref="RabbitTopologyException">The broker refuses for good.</exception>
    /// <exception cref="BrokerUnavailableException">There was no broker for too long.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends the loop and the connection. A connection that does not close within 2 s is let go (a blocked one hangs).</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
