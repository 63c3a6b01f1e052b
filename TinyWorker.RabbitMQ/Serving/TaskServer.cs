using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nito.AsyncEx;
using TinyWorker.Diagnostics;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// The working side of a troupe: takes deliveries, gives them to the local troupe, answers, and acknowledges. See ServedTask.cs for the
/// states of a task and why none is lost.
/// </summary>
/// <remarks>
/// Who owns what. The table of tasks owns the state and the deliveries of each task; the connection owns the sessions; a session owns its
/// deliveries and its outbox; _consuming is held by whoever changes the consumers; the ticker drives what takes time. Deliveries of one
/// channel come one at a time. Those of the two channels, ends of tasks, cancellations, ticks, ends of sessions and the stop come at any
/// time and on any thread.
/// </remarks>
internal sealed partial class TaskServer<TIn, TOut> : IMeteredHost, IAsyncDisposable
{
    private static readonly TimeSpan TickPeriod = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan GoodbyeTimeout = TimeSpan.FromSeconds(2);

    private readonly TinyTroupe<TIn, TOut> _troupe;
    private readonly RabbitHostOptions _options;
    private readonly string _contract;
    private readonly PayloadCodec<TIn> _inputs;
    private readonly PayloadCodec<TOut> _results;
    private readonly ILogger _logger;
    private readonly TimeProvider _clock;
    private readonly TaskTable _tasks;
    private readonly PrefetchChooser? _prefetchChooser;   // null if the user has chosen
    private readonly HostCounters _counters = new();
    private readonly TroupeTopology _topology;
    private readonly BrokerConnection _connection;
    private readonly Ticker _ticker;
    private readonly Lock _lock = new();                                   // guards _isStarted and _stop
    private readonly AsyncLock _consuming = new();
    private readonly Lock _readyLock = new();                              // held while _isConsuming is set or reset
    private readonly AsyncManualResetEvent _isConsuming = new();           // set while the host takes tasks
    private readonly AsyncManualResetEvent _settled = new();               // set when something was settled that a stop may wait for
    private readonly TaskCompletionSource _started = NewSource();
    private readonly TaskCompletionSource _stopRequested = NewSource();
    private readonly TaskCompletionSource<TroupeException> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _impatience = new();          // never disposed: it has no timer
    private bool _isStarted;
    private IDisposable? _figures;              // that stand beside the local troupe; set when it is started
    private Task? _stop;                        // set once, by whoever stops first
    private volatile ServingSession? _session;  // the newest one that was set up
    private volatile bool _isStopping;
    private int _inTroupe;                      // tasks that the local troupe has
    private int _returning;                     // tasks that are being given back at this moment

    public TaskServer(TinyTroupe<TIn, TOut> troupe, RabbitHostOptions options)
    {
        _troupe = troupe;
        _options = options;
        HostName = options.HostName ?? $"{Environment.MachineName}/{Environment.ProcessId}";
        _contract = Contract.Of<TIn, TOut>(options.ContractVersion);
        var serializer = options.Serializer ?? new JsonPayloadSerializer();
        _inputs = new PayloadCodec<TIn>(serializer, OptionChecks.LargestPayload, nameof(RabbitHostOptions.MaxPayload));
        _results = new PayloadCodec<TOut>(
            serializer, options.MaxPayload, $"{nameof(RabbitHostOptions)}.{nameof(RabbitHostOptions.MaxPayload)}");
        _logger = options.LoggerFactory is { } factory
            ? new SafeLogger(factory.CreateLogger("TinyWorker.RabbitMQ.RabbitTroupeHost"))
            : NullLogger.Instance;
        _clock = options.TimeProvider;
        _tasks = new TaskTable(options.RememberedTasks, options.RememberedBytes);
        _prefetchChooser = options.Prefetch is null ? new PrefetchChooser(troupe.Workers, _clock) : null;
        _topology = new TroupeTopology(troupe.Name, options.Queue);
        _ticker = new Ticker(_clock, TickPeriod, Tick);
        _connection = new BrokerConnection(
            new BrokerConnectionSettings(
                troupe.Name, "host", options.Broker, options.Heartbeat, options.BrokerLostAfter, _logger, _clock),
            SetUpAsync)
        {
            Changed = OnConnectionChanged,
        };
    }

    public string HostName { get; }

    // No more than the local troupe takes: what waits in the client for room there counts an attempt with each lost connection.
    private ushort Prefetch =>
        (ushort)(_options.Prefetch ?? Math.Min(_prefetchChooser!.Current, (long)_troupe.Workers + _troupe.Capacity));

    /// <summary>Takes tasks until the token fires or the host is stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_stop is not null, typeof(RabbitTroupeHost<TIn, TOut>));
            if (_isStarted)
            {
                throw new InvalidOperationException(
                    $"The host of '{_troupe.Name}' runs already, or has run. RunAsync is called once for a RabbitTroupeHost; " +
                    "make a second one for a second host.");
            }

            _isStarted = true;
            RabbitMeter.Add(this);
            _figures = TroupeFigures.Attach(_troupe, () => BrokerFigures.Of(Snapshot()));
        }

        using (stopping.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), _stopRequested))
        {
            if (!_stopRequested.Task.IsCompleted) _connection.Start();
            _started.TrySetResult();
            await Task.WhenAny(_stopRequested.Task, _failed.Task).ConfigureAwait(false);
        }

        await StopAsync(CancellationToken.None).ConfigureAwait(false);
        if (_failed.Task.IsCompletedSuccessfully) throw _failed.Task.Result;
    }

    /// <summary>Waits until the host takes tasks.</summary>
    public async Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAny(_started.Task, _stopRequested.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!_isStopping && !_stopRequested.Task.IsCompleted)
        {
            await _connection.WhenReadyAsync(cancellationToken).ConfigureAwait(false);
            await Task.WhenAny(_isConsuming.WaitAsync(cancellationToken), _failed.Task, _stopRequested.Task)
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        if (_failed.Task.IsCompletedSuccessfully) throw _failed.Task.Result;
        ObjectDisposedException.ThrowIf(_stopRequested.Task.IsCompleted, typeof(RabbitTroupeHost<TIn, TOut>));
    }

    /// <summary>Stops the host, once; later callers wait for the same end, and their impatience counts, too.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task stop;
        using (cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _impatience))
        {
            lock (_lock) stop = _stop ??= Task.Run(StopOnceAsync, CancellationToken.None);
            await stop.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The order matters. First the consumers go: what is given back would else come again. Then what waits goes back, at once and in order.
    // Then what runs may end, is answered and acknowledged. What has not ended by then is cancelled and goes back, too. The
    // acknowledgements are told to the broker before the connection closes; what is not acknowledged by then goes back by that.
    private async Task StopOnceAsync()
    {
        _isStopping = true;
        _stopRequested.TrySetResult();
        Interlocked.MemoryBarrier();   // a session that is set up later than this sees it, and takes nothing
        var session = _session;
        session?.HoldBack();
        _ticker.Wake();
        if (session is not null) await Bounded(ReconcileAsync(session)).ConfigureAwait(false);

        session?.HoldBack();   // again: so what follows goes back in order
        var tasks = _tasks.RunningTasks();
        var waiting = 0;
        // The youngest first: it may wait for room, which it would get from one that is cancelled before it.
        for (var i = tasks.Count - 1; i >= 0; i--)
            if (tasks[i].Recall() && Return(tasks[i], hasBegun: false)) waiting++;
        while (Volatile.Read(ref _returning) > 0) await Task.Yield();   // the end of one that was cancelled may be on its way with it
        session?.ReleaseHeld();
        if (_isStarted) Log.Stopping(_logger, _troupe.Name, HostName, waiting, tasks.Count - waiting);

        if (!await DrainedAsync(_options.DrainTimeout, _impatience.Token).ConfigureAwait(false))
        {
            var late = _tasks.RunningTasks();
            if (late.Count > 0) Log.DrainTimedOut(_logger, _troupe.Name, HostName, late.Count, _options.DrainTimeout);
            foreach (var task in late) task.CancelForReturn();
            await DrainedAsync(GoodbyeTimeout, CancellationToken.None).ConfigureAwait(false);
            foreach (var task in _tasks.RunningTasks()) Return(task, hasBegun: true);
        }

        if (_session is { } last) await Bounded(last.FlushAsync(CancellationToken.None)).ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        _session?.Outbox.End();
        _ticker.Dispose();
        if (_isStarted) RabbitMeter.End(this);
        _figures?.Dispose();
        if (_isStarted) Log.Stopped(_logger, _troupe.Name, HostName);
    }

    /// <summary>Waits until no task runs, every delivery is settled, and every reply has its fate.</summary>
    /// <returns>False if that took too long, or if no task runs and the broker takes no replies at the moment.</returns>
    private async Task<bool> DrainedAsync(TimeSpan patience, CancellationToken impatience)
    {
        using var timeout = new CancellationTokenSource(patience, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, impatience);
        long? blockedSince = null;
        try
        {
            while (true)
            {
                _settled.Reset();   // before the look: what is settled after it sets the event again, and so does the ticker
                if (_tasks.Running == 0)
                {
                    // A reply may be on its way without a delivery: that of a session that has ended.
                    if (_session is not { IsOver: false } session || session is { Unsettled: 0, Outbox.Waiting: 0 }) return true;
                    if (!session.Broker.IsBlocked) blockedSince = null;
                    else if (_clock.GetElapsedTime(blockedSince ??= _clock.GetTimestamp()) > GoodbyeTimeout) return false;
                }

                await _settled.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    // A broker that hangs must not keep the host from its end.
    private async Task Bounded(Task task)
    {
        try
        {
            await task.WaitAsync(GoodbyeTimeout, _clock).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The session has ended, or does not answer: what is not settled goes back when the connection is closed.
        }
    }

    private void NoteSettled()
    {
        if (_isStopping) _settled.Set();
    }
}
