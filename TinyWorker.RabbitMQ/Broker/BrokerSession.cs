using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Nito.AsyncEx;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>
/// One connection with its channels. It lives and dies as a whole: whatever fails in it (a channel that is shut down, a consumer that is
/// cancelled by the broker, a publisher) ends the session, and the <see cref="BrokerConnection"/> makes another. Thread-safe.
/// </summary>
/// <remarks>
/// <see cref="Fail"/> is the one way to its end, and the first call of it counts. It closes the connection aside, so that it never waits for
/// a broker that hangs; <see cref="WhenClosedAsync"/> ends when the connection is closed, or when its socket was closed because the broker
/// did not answer.
/// </remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "The source of Ended has no timer and no handle, and its token is everywhere.")]
internal sealed class BrokerSession
{
    /// <summary>How long the broker may take to answer a goodbye. A blocked connection never does.</summary>
    internal static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private const int MaxIdleChannels = 4;

    private readonly IConnection _connection;
    private readonly SocketHolder _socket;
    private readonly ConcurrentBag<IChannel> _idleChannels = []; // for questions
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource<Exception> _reason = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AsyncManualResetEvent _unblocked = new(set: true);
    private int _isEnding;

    private BrokerSession(IConnection connection, SocketHolder socket, ILogger logger, TimeProvider timeProvider)
    {
        (_connection, _socket, Logger, TimeProvider) = (connection, socket, logger, timeProvider);
        BrokerMajorVersion = MajorVersionOf(connection);
        Endpoint = new RabbitEndpoint(connection.Endpoint.HostName, connection.Endpoint.Port).ToString();
        connection.ConnectionShutdownAsync += (_, reason) => FailAsync(new SessionEndedException(BrokerFault.Describe(reason), reason));
        connection.CallbackExceptionAsync += (_, error) => FailAsync(error.Exception);
        connection.ConnectionBlockedAsync += (_, blocked) => SetBlockedAsync(blocked.Reason);
        connection.ConnectionUnblockedAsync += (_, _) => SetBlockedAsync(null);
        // It may have been closed before the handler was there: a missing virtual host shows only in this way.
        if (connection.CloseReason is { } closed) Fail(new SessionEndedException(BrokerFault.Describe(closed), closed));
    }

    /// <summary>The node that it is connected to, as host:port.</summary>
    public string Endpoint { get; }

    /// <summary>Fires when the session has ended.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Whether the broker takes nothing at the moment.</summary>
    public bool IsBlocked => !_unblocked.IsSet;

    /// <summary>The first number of the broker's version; zero if it does not say.</summary>
    internal int BrokerMajorVersion { get; }

    /// <summary>Called with the broker's reason when it takes nothing any more, and with null when it does again. Set once.</summary>
    internal Action<string?>? BlockedChanged { get; set; }

    internal ILogger Logger { get; }

    internal TimeProvider TimeProvider { get; }

    /// <summary>Why the session has ended; null while it lives.</summary>
    internal Exception? EndReason => _reason.Task.IsCompletedSuccessfully ? _reason.Task.Result : null;

    /// <summary>Connects to one node.</summary>
    internal static async Task<BrokerSession> OpenAsync(
        ConnectionFactory factory, AmqpTcpEndpoint endpoint, ILogger logger, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        var socket = new SocketHolder();
        factory.SocketFactory = socket.Create;
        var connecting = factory.CreateConnectionAsync([endpoint], cancellationToken);
        try
        {
            // It does not look at the token everywhere, and needs seconds more to clean up after it.
            var connection = await connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
            return new BrokerSession(connection, socket, logger, timeProvider);
        }
        catch
        {
            socket.Close();
            LetGo(connecting);
            throw;
        }
    }

    /// <summary>Opens a channel without confirms, whose end is the end of the session, unless it is closed from this side.</summary>
    /// <param name="prefetch">How many deliveries may be unacknowledged on it; 0 for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IChannel> OpenChannelAsync(ushort prefetch, CancellationToken cancellationToken)
    {
        var channel = await OpenAsync(options: null, cancellationToken).ConfigureAwait(false);
        Watch(channel);
        if (prefetch > 0) await channel.BasicQosAsync(0, prefetch, global: false, cancellationToken).ConfigureAwait(false);
        return channel;
    }

    /// <summary>Opens a channel of its own for one question whose refusal (404, 406) closes the channel, and closes it again. The session
    /// survives.</summary>
    public async Task<T> AskAsync<T>(Func<IChannel, CancellationToken, Task<T>> question, CancellationToken cancellationToken)
    {
        // A channel whose question was answered serves the next one: opening and closing one takes two round trips.
        while (true)
        {
            var isIdle = _idleChannels.TryTake(out var channel);
            channel ??= await OpenAsync(options: null, cancellationToken).ConfigureAwait(false);
            if (isIdle && !channel.IsOpen) continue;
            try
            {
                var answer = await question(channel, cancellationToken).ConfigureAwait(false);
                if (_idleChannels.Count < MaxIdleChannels) _idleChannels.Add(channel);
                else LetGo(channel.AbortAsync(CancellationToken.None));
                return answer;
            }
            catch
            {
                // The broker has closed it, or the answer may still come and must not be taken for that to another question.
                if (channel.IsOpen) LetGo(channel.AbortAsync(CancellationToken.None));
                throw;
            }
        }
    }

    /// <summary>Opens a channel with confirms, and its one writer.</summary>
    public Task<ConfirmingPublisher> OpenPublisherAsync(CancellationToken cancellationToken) =>
        ConfirmingPublisher.OpenAsync(this, cancellationToken);

    /// <summary>Makes the one writer of acknowledgements on a channel.</summary>
    public Acknowledger OpenAcknowledger(IChannel channel) => new(this, channel);

    /// <summary>Consumes from a queue; each delivery is given to the handler, one at a time in order. The body is only valid during the call.
    /// A consumer that the broker cancels ends the session.</summary>
    /// <returns>The consumer's tag.</returns>
    public Task<string> ConsumeAsync(
        IChannel channel, string queue, bool exclusive, DeliveryHandler handler, CancellationToken cancellationToken) =>
        channel.BasicConsumeAsync(
            queue, autoAck: false, consumerTag: "", noLocal: false, exclusive, arguments: null,
            new Consumer(this, channel, queue, handler), cancellationToken);

    /// <summary>Ends the session: the connection is aborted.</summary>
    /// <param name="reason">Why.</param>
    public void Fail(Exception reason)
    {
        if (Interlocked.Exchange(ref _isEnding, 1) != 0) return;
        _reason.SetResult(reason);
        // On the pool: what is registered there is the code of others, and this may be the thread that reads from the socket.
        LetGo(_ended.CancelAsync());
        LetGo(CloseAsync());
    }

    /// <summary>Waits until the session has ended.</summary>
    internal Task<Exception> WhenEndedAsync() => _reason.Task;

    /// <summary>Waits until the connection of the ended session is closed; at most for the time that a goodbye may take.</summary>
    internal Task WhenClosedAsync() => _closed.Task;

    /// <summary>Waits until the broker takes messages.</summary>
    internal Task WhenUnblockedAsync(CancellationToken cancellationToken) => _unblocked.WaitAsync(cancellationToken);

    /// <summary>Opens a channel with confirms. Whoever opens it watches it.</summary>
    internal Task<IChannel> OpenConfirmingChannelAsync(CancellationToken cancellationToken) => OpenAsync(
        new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false), cancellationToken);

    /// <summary>From now on the end of the channel is the end of the session.</summary>
    internal void Watch(IChannel channel)
    {
        channel.CallbackExceptionAsync += (_, error) => FailAsync(error.Exception);
        channel.ChannelShutdownAsync += (_, reason) => reason.Initiator == ShutdownInitiator.Application
            ? Task.CompletedTask
            : FailAsync(new SessionEndedException("A channel was closed: " + BrokerFault.Describe(reason), reason));
    }

    /// <summary>The task ends by itself. Its error is known already, or is of no interest any more.</summary>
    internal static void LetGo(Task task) => task.ContinueWith(
        static done => _ = done.Exception, CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private async Task<IChannel> OpenAsync(CreateChannelOptions? options, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        try
        {
            return await _connection.CreateChannelAsync(options, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception)
        {
            ThrowIfEnded(); // its reason says more
            throw;
        }
    }

    private static int MajorVersionOf(IConnection connection) =>
        connection.ServerProperties?.TryGetValue("version", out var version) is true && version is byte[] text &&
        int.TryParse(Encoding.UTF8.GetString(text).Split('.')[0], CultureInfo.InvariantCulture, out var major)
            ? major
            : 0;

    private void ThrowIfEnded()
    {
        if (EndReason is { } reason)
            throw new SessionEndedException(reason.Message, (reason as SessionEndedException)?.Reason, reason);
    }

    private Task FailAsync(Exception reason)
    {
        Fail(reason);
        return Task.CompletedTask;
    }

    private Task SetBlockedAsync(string? reason)
    {
        if (reason is null) _unblocked.Set();
        else _unblocked.Reset();
        BlockedChanged?.Invoke(reason);
        return Task.CompletedTask;
    }

    private async Task CloseAsync()
    {
        // On the pool: the caller may be what the closing waits for.
        var closing = Task.Run(() => _connection.AbortAsync(Constants.ReplySuccess, "Goodbye"));
        try
        {
            await closing.WaitAsync(GoodbyeTimeout, TimeProvider).ConfigureAwait(false);
            LetGo(_connection.DisposeAsync().AsTask());
        }
        catch
        {
            LetGo(closing);
        }
        finally
        {
            // A connection that does not answer would else be held for 20 s and more, with its consumers.
            _socket.Close();
            _closed.SetResult();
        }
    }

    // The socket of a connection that is being made or closed: closing it is the only way out that always works.
    private sealed class SocketHolder
    {
        private readonly Lock _gate = new();
        private TcpClientAdapter? _client; // the newest: a name may have several addresses
        private bool _isClosed;

        public TcpClientAdapter Create(AddressFamily family)
        {
            // As the default factory makes it.
            var client = new TcpClientAdapter(new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });
            lock (_gate)
            {
                if (!_isClosed)
                {
                    _client = client;
                    return client;
                }
            }

            client.Dispose();
            return client;
        }

        public void Close()
        {
            TcpClientAdapter? client;
            lock (_gate)
            {
                _isClosed = true;
                client = _client;
                _client = null;
            }

            client?.Dispose();
        }
    }

    private sealed class Consumer(BrokerSession session, IChannel channel, string queue, DeliveryHandler handler) : IAsyncBasicConsumer
    {
        public IChannel? Channel { get; } = channel;

        public Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey,
            IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
        {
            var handling = handler(deliveryTag, redelivered, exchange, routingKey, properties, body);
            return handling.IsCompletedSuccessfully ? Task.CompletedTask : handling.AsTask();
        }

        public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default) =>
            session.FailAsync(new SessionEndedException($"The broker cancelled the consumer of '{queue}'."));

        public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => Task.CompletedTask; // the channel is watched
    }
}

/// <summary>Takes one delivery. The body is only valid until the returned task ends.</summary>
internal delegate ValueTask DeliveryHandler(
    ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
    ReadOnlyMemory<byte> body);
