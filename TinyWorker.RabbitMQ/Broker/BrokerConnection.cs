using Microsoft.Extensions.Logging;
using Nito.AsyncEx;
using RabbitMQ.Client;

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
/// <remarks>
/// <code>
/// Down -> Connecting -> Ready &lt;-> Blocked
///  ^          |           |          |
///  |          |&lt;----------+----------+    the session has ended: at once to Connecting, after its connection is closed
///  +----------+                           no node could be had: Connecting again after a pause
///             |
///             +-> Failed                  refused for good, several times in a row; once it was ready, only after BrokerLostAfter
/// any -> Closed                           disposed
/// </code>
/// The loop makes all of these steps but Ready &lt;-> Blocked, which the session reports, and Closed. State, session and outage change
/// together, under one lock. <see cref="_isSettled"/> is set while a wait for readiness has an answer: a session, an outage, or the end.
/// </remarks>
internal sealed class BrokerConnection : IAsyncDisposable
{
    // A broker that starts or stops may refuse for a moment what it allows otherwise.
    internal const int RefusalsUntilFinal = 3;
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);
    internal static readonly TimeSpan SetUpTimeout = TimeSpan.FromSeconds(10);
    private const uint MaxMessage = 160 * 1024 * 1024;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TimerTolerance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestRefusal = TimeSpan.FromMinutes(1); // where a lost broker has no limit

    private readonly BrokerConnectionSettings _settings;
    private readonly Func<BrokerSession, CancellationToken, Task> _setUp;
    private readonly CancellationTokenSource _closing = new();
    private readonly AsyncManualResetEvent _isSettled = new();
    private readonly Lock _gate = new();

    // Under the lock:
    private RabbitConnectionState _state = RabbitConnectionState.Down;
    private BrokerSession? _current;
    private Exception? _lastError;
    private TroupeException? _outage;
    private int _reconnects;
    private bool _wasReady;
    private long _downSince;
    private ITimer? _lostTimer; // there while there is no session
    private Task? _loop; // set once, by Start
    private Task? _disposal; // set once, by the first disposal
    private int _changes; // since the notifier was last idle

    /// <param name="settings">What it is made of.</param>
    /// <param name="setUp">Called for each new session, before the connection counts as ready: looks at the topology, starts consumers. If it
    /// throws, or takes too long, the session is aborted and another is tried.</param>
    public BrokerConnection(BrokerConnectionSettings settings, Func<BrokerSession, CancellationToken, Task> setUp) =>
        (_settings, _setUp) = (settings, setUp);

    public RabbitConnectionState State
    {
        get
        {
            lock (_gate) return _state;
        }
    }

    /// <summary>The session, while the connection is ready or blocked; else null. It may end at any moment.</summary>
    public BrokerSession? Current
    {
        get
        {
            lock (_gate) return _current;
        }
    }

    /// <summary>How often the connection was made again.</summary>
    public int Reconnects
    {
        get
        {
            lock (_gate) return _reconnects;
        }
    }

    /// <summary>Why there is no connection; null while there is one.</summary>
    public Exception? LastError
    {
        get
        {
            lock (_gate) return _lastError;
        }
    }

    /// <summary>
    /// How whatever waits for the broker ends now: with a <see cref="RabbitTopologyException"/> (for good), or with a
    /// <see cref="BrokerUnavailableException"/> once there was no broker for too long (until it is back). Null while it may wait.
    /// </summary>
    public TroupeException? Outage
    {
        get
        {
            lock (_gate) return _outage;
        }
    }

    /// <summary>Called on the pool, one call at a time, after <see cref="State"/> or <see cref="Outage"/> has changed. Set before
    /// <see cref="Start"/>.</summary>
    public Action? Changed { get; set; }

    /// <summary>Starts the loop. Once.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_disposal is not null) return;
            GoDown_NeedsLock();
            using (ExecutionContext.SuppressFlow()) _loop = Task.Run(RunAsync);
        }
    }

    /// <summary>Waits until the connection is ready for the first time, or again.</summary>
    /// <exception cref="RabbitTopologyException">The broker refuses for good.</exception>
    /// <exception cref="BrokerUnavailableException">There was no broker for too long.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await _isSettled.WaitAsync(cancellationToken).ConfigureAwait(false);
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_state == RabbitConnectionState.Closed, this);
                if (_outage is not null) throw _outage;
                if (_current is not null) return;
            }

            // The session has ended in between.
        }
    }

    /// <summary>Ends the loop and the connection. A connection that does not close within 2 s is let go (a blocked one hangs).</summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate) return new(_disposal ??= Task.Run(CloseAsync));
    }

    private async Task CloseAsync()
    {
        BrokerSession? session;
        Task? loop;
        lock (_gate) (session, loop) = (_current, _loop);
        await _closing.CancelAsync().ConfigureAwait(false);
        session?.Fail(new SessionEndedException("It was closed."));
        if (loop is not null) await loop.ConfigureAwait(false);
        Change(() =>
        {
            GoUp_NeedsLock();
            _state = RabbitConnectionState.Closed;
        });
    }

    private async Task RunAsync()
    {
        var failures = 0;
        var refusals = 0;
        while (!_closing.IsCancellationRequested)
        {
            Change(() => _state = RabbitConnectionState.Connecting);
            BrokerSession session;
            try
            {
                session = await ConnectAsync().ConfigureAwait(false);
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                return;
            }
            catch (ConnectFailedException error)
            {
                refusals = error.IsRefusal ? refusals + 1 : 0;
                if (refusals >= RefusalsUntilFinal && MayBeFinal())
                {
                    FailForGood(error);
                    return;
                }

                Log.TryFailed(_settings.Logger, _settings.Purpose, _settings.Troupe, error.Message);
                Change(() => (_state, _lastError) = (RabbitConnectionState.Down, error));
                await PauseAsync(failures++).ConfigureAwait(false);
                continue;
            }

            (failures, refusals) = (0, 0);
            if (!TryTakeUp(session)) session.Fail(new SessionEndedException("It was closed."));
            var reason = await session.WhenEndedAsync().ConfigureAwait(false);
            if (!_closing.IsCancellationRequested)
            {
                Log.Lost(_settings.Logger, _settings.Purpose, _settings.Troupe, session.Endpoint, BrokerFault.Describe(reason));
                Change(() =>
                {
                    GoDown_NeedsLock();
                    (_state, _lastError) = (RabbitConnectionState.Down, reason);
                });
            }

            // The old connection first: its exclusive consumers would be in the way of the new ones.
            await session.WhenClosedAsync().ConfigureAwait(false);
            if (!_closing.IsCancellationRequested) await PauseAsync(0).ConfigureAwait(false);
        }
    }

    // What has worked once may work again: passwords are changed, and what knows the users may be away for a moment. What waits for the
    // broker shall not be lost for that.
    private bool MayBeFinal()
    {
        lock (_gate)
        {
            return !_wasReady || _settings.TimeProvider.GetElapsedTime(_downSince) >=
                (_settings.BrokerLostAfter == Timeout.InfiniteTimeSpan ? LongestRefusal : _settings.BrokerLostAfter);
        }
    }

    // One try: all nodes, in a random order, until one takes us.
    private async Task<BrokerSession> ConnectAsync()
    {
        var endpoints = _settings.Broker.Endpoints.ToArray();
        Random.Shared.Shuffle(endpoints);
        ConnectFailedException? failure = null;
        foreach (var endpoint in endpoints)
        {
            try
            {
                return await ConnectAsync(endpoint).ConfigureAwait(false);
            }
            catch (Exception error) when (!_closing.IsCancellationRequested)
            {
                var next = ConnectFailedException.Of(endpoint, error);
                // A refusal says more than a node that does not answer.
                if (failure is null || next.IsRefusal) failure = next;
            }
        }

        throw failure ?? new ConnectFailedException("There is no endpoint.", null, isRefusal: true, "");
    }

    private async Task<BrokerSession> ConnectAsync(RabbitEndpoint endpoint)
    {
        using var handshake = new CancellationTokenSource(HandshakeTimeout, _settings.TimeProvider);
        using var connecting = CancellationTokenSource.CreateLinkedTokenSource(handshake.Token, _closing.Token);
        var credentials = await AskForCredentialsAsync(connecting.Token).ConfigureAwait(false);
        var node = new AmqpTcpEndpoint(endpoint.Host, endpoint.Port, TlsFor(endpoint), MaxMessage);
        var session = await BrokerSession.OpenAsync(
            FactoryFor(credentials), node, _settings.Logger, _settings.TimeProvider, connecting.Token).ConfigureAwait(false);
        session.BlockedChanged = reason => OnBlocked(session, reason);

        using var patience = new CancellationTokenSource(SetUpTimeout, _settings.TimeProvider);
        using var settingUp = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _closing.Token, session.Ended);
        try
        {
            var setUp = _setUp(session, settingUp.Token);
            BrokerSession.LetGo(setUp);
            await setUp.WaitAsync(settingUp.Token).ConfigureAwait(false);
            return session;
        }
        catch (Exception error)
        {
            // Whatever it has begun goes with the connection.
            var ownReason = session.EndReason;
            session.Fail(error);
            await session.WhenClosedAsync().ConfigureAwait(false);
            if (patience.IsCancellationRequested && ownReason is null)
            {
                throw new TimeoutException(
                    $"The broker took longer than {SetUpTimeout.TotalSeconds:0} s to set up queues and consumers.", error);
            }

            // If a missing virtual host or permission ended the session, then its reason says more.
            if (ownReason is not null && BrokerFault.CodeOf(error) == 0) throw ownReason;
            throw;
        }
    }

    // On the pool: it is user code, which may block, and the loop must come to its end all the same.
    private async Task<RabbitCredentials> AskForCredentialsAsync(CancellationToken cancellationToken)
    {
        const string Callback = $"{nameof(RabbitBroker)}.{nameof(RabbitBroker.Credentials)}";
        var ask = _settings.Broker.Credentials;
        var asking = Task.Run(() => ask(cancellationToken) ?? Task.FromResult<RabbitCredentials>(null!), CancellationToken.None);
        BrokerSession.LetGo(asking);
        try
        {
            return await asking.WaitAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException($"{Callback} gave null. It must give the name of a user and a password.");
        }
        catch (OperationCanceledException) when (!_closing.IsCancellationRequested)
        {
            throw new TimeoutException($"{Callback} did not give the password within {HandshakeTimeout.TotalSeconds:0} s.");
        }
    }

    // The certificate of each node is for that node, unless the user gave another name.
    private SslOption TlsFor(RabbitEndpoint endpoint)
    {
        if (_settings.Broker.Tls is not { Enabled: true } tls) return new SslOption();
        if (!string.IsNullOrEmpty(tls.ServerName)) return tls;
        var own = new SslOption(endpoint.Host, tls.CertPath, enabled: true)
        {
            AcceptablePolicyErrors = tls.AcceptablePolicyErrors,
            CertPassphrase = tls.CertPassphrase,
            CertificateSelectionCallback = tls.CertificateSelectionCallback,
            CertificateValidationCallback = tls.CertificateValidationCallback,
            CheckCertificateRevocation = tls.CheckCertificateRevocation,
            ClientCertificateContext = tls.ClientCertificateContext,
            Version = tls.Version,
        };
        if (string.IsNullOrEmpty(tls.CertPath)) own.Certs = tls.Certs;
        return own;
    }

    private ConnectionFactory FactoryFor(RabbitCredentials credentials) => new()
    {
        AutomaticRecoveryEnabled = false,
        TopologyRecoveryEnabled = false,
        UserName = credentials.UserName,
        Password = credentials.Password,
        VirtualHost = _settings.Broker.VirtualHost,
        RequestedHeartbeat = _settings.Heartbeat,
        RequestedConnectionTimeout = HandshakeTimeout,
        HandshakeContinuationTimeout = HandshakeTimeout,
        ContinuationTimeout = SetUpTimeout,
        MaxInboundMessageBodySize = MaxMessage,
        ClientProvidedName =
            $"TinyWorker {_settings.Purpose} of {_settings.Troupe} ({Environment.MachineName}:{Environment.ProcessId})",
    };

    private bool TryTakeUp(BrokerSession session)
    {
        var isTaken = false;
        Change(() =>
        {
            if (_disposal is not null) return;
            isTaken = true;
            GoUp_NeedsLock();
            if (_wasReady) _reconnects++;
            _wasReady = true;
            _state = StateOf(session);
            (_current, _lastError, _outage) = (session, null, null);
        });
        if (isTaken) Log.Connected(_settings.Logger, _settings.Purpose, _settings.Troupe, session.Endpoint);
        return isTaken;
    }

    private static RabbitConnectionState StateOf(BrokerSession session) =>
        session.IsBlocked ? RabbitConnectionState.Blocked : RabbitConnectionState.Ready;

    private void OnBlocked(BrokerSession session, string? reason)
    {
        if (reason is null) Log.Unblocked(_settings.Logger, session.Endpoint, _settings.Purpose, _settings.Troupe);
        else Log.Blocked(_settings.Logger, session.Endpoint, _settings.Purpose, _settings.Troupe, reason);
        Change(() =>
        {
            // Before it is taken up, and after its end, it is not the session's to say.
            if (ReferenceEquals(_current, session)) _state = StateOf(session);
        });
    }

    private void FailForGood(ConnectFailedException error)
    {
        var outage = new RabbitTopologyException(
            _settings.Troupe,
            $"The broker refuses the {_settings.Purpose} of '{_settings.Troupe}' for good at {_settings.Broker}. {error.Message} " +
            error.Advice.TrimEnd(),
            error);
        Log.Refused(_settings.Logger, _settings.Purpose, _settings.Troupe, outage.Message);
        Change(() =>
        {
            GoUp_NeedsLock(); // there is nothing to wait for
            (_state, _lastError, _outage) = (RabbitConnectionState.Failed, error, outage);
        });
    }

    private void GoDown_NeedsLock()
    {
        _current = null;
        _downSince = _settings.TimeProvider.GetTimestamp();
        _lostTimer ??= _settings.TimeProvider.CreateTimer(
            static self => ((BrokerConnection)self!).OnLostForLong(), this, _settings.BrokerLostAfter, Timeout.InfiniteTimeSpan);
    }

    private void GoUp_NeedsLock()
    {
        _current = null;
        _lostTimer?.Dispose();
        _lostTimer = null;
    }

    private void OnLostForLong()
    {
        BrokerUnavailableException? outage = null;
        Change(() =>
        {
            if (_lostTimer is null || _outage is not null) return; // it is back
            var lostFor = _settings.TimeProvider.GetElapsedTime(_downSince);
            if (lostFor + TimerTolerance < _settings.BrokerLostAfter) return; // it was back, and another timer is under way
            _outage = outage = new BrokerUnavailableException(_settings.Troupe, _settings.Broker, lostFor, _lastError);
        });
        if (outage is null) return;
        Log.Unavailable(
            _settings.Logger, _settings.Purpose, _settings.Troupe, outage.LostFor,
            outage.InnerException?.Message ?? "It has not answered.");
    }

    private async Task PauseAsync(int failures)
    {
        var longest = Math.Min(LongestPause.TotalMilliseconds, ShortestPause.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 10)));
        // Half of it is chance: a hundred hosts of one broker must not come back in step.
        var pause = TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
        await Task.Delay(pause, _settings.TimeProvider, _closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Everything that others can see changes in here.
    private void Change(Action change)
    {
        var mustNotify = false;
        lock (_gate)
        {
            if (_state == RabbitConnectionState.Closed) return;
            var (state, outage) = (_state, _outage);
            change();
            if (_current is not null || _outage is not null || _state == RabbitConnectionState.Closed) _isSettled.Set();
            else _isSettled.Reset();
            if ((state != _state || outage != _outage) && Changed is not null) mustNotify = _changes++ == 0;
        }

        if (mustNotify) ThreadPool.UnsafeQueueUserWorkItem(static self => self.Notify(), this, preferLocal: false);
    }

    private void Notify()
    {
        while (true)
        {
            int seen;
            lock (_gate) seen = _changes;
            Changed!();
            lock (_gate)
            {
                _changes -= seen;
                if (_changes == 0) return;
            }
        }
    }

    /// <summary>A try failed at each of the nodes.</summary>
    private sealed class ConnectFailedException(string message, Exception? cause, bool isRefusal, string advice)
        : IOException(message, cause)
    {
        public bool IsRefusal { get; } = isRefusal;

        public string Advice { get; } = advice;

        public static ConnectFailedException Of(RabbitEndpoint endpoint, Exception error)
        {
            var advice = BrokerFault.AdviceIfFinal(error);
            return new($"{endpoint}: {BrokerFault.Describe(error)}", error, advice is not null, advice ?? "");
        }
    }
}
