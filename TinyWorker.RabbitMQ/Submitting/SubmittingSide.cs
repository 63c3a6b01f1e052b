using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nito.AsyncEx;
using RabbitMQ.Client;
using TinyWorker.Diagnostics;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>
/// Everything of a submitting side that knows no types: the connection, the requests, the replies, posted tasks, and the end of all of it.
/// It holds nothing that users hold: a troupe that was dropped can be collected, and then ends this.
/// </summary>
/// <remarks>
/// The connection has one owner, this object, and ends once: when the slots have gone (whoever ended the troupe), and no task is being
/// posted. Replies come while the troupe drains. The reply queue goes after that, and the connection last.
/// </remarks>
#pragma warning disable CA1001 // It ends by itself, when the slots have gone: see Ended.
internal sealed partial class SubmittingSide : IMeteredSubmitter
#pragma warning restore CA1001
{
    // More waits at the broker than here: the client buffers what it has prefetched.
    private const int LeastPrefetch = 16;
    private const int MostPrefetch = 1000;
    private const int TriesOfReplyQueue = 3;   // while it is in use by a connection that is gone
    private const int ShortestPause = 20;      // of a posted task that was rejected, in milliseconds
    private const int LongestPause = 50;

    private static readonly TimeSpan ReplyQueuePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(500);   // between two looks for a queue that is missing
    private static readonly TimeSpan FarewellPatience = TimeSpan.FromSeconds(1);

    private readonly RabbitTroupeOptions _options;
    private readonly string _name;
    private readonly string _client = Guid.NewGuid().ToString("N")[..12];
    private readonly ILogger _logger;
    private readonly TimeProvider _timeProvider;
    private readonly TroupeTopology _topology;
    private readonly BrokerConnection _connection;
    private readonly QueueCountCache _queueCounts;
    private readonly AsyncSemaphore _postRoom;
    private readonly AsyncCountdownEvent _posts = new(1);   // one, and one for each task that is being posted
    private readonly CancellationTokenSource _aborting = new();   // it has no timer and no handle
    private TaskCompletionSource _change = NewChange();   // replaced whenever something changes that a posted task may wait for
    private readonly Lock _setUpLock = new();   // a set-up that was given up may come to its end after the next has begun
    private BrokerSession? _newest;      // guarded by _setUpLock, as the next five: the session of the newest set-up
    private int _replyQueueNumber = 1;   // which reply queue this is
    private int _replyQueueTries;        // how often it was in use
    private bool _mustSendAgain;         // the reply queue was given up
    private string? _consumerTag;        // of the newest session
    private IChannel? _replyChannel;     // of the newest session
    private int _isLookingForQueue;      // 0 or 1
    private bool _isClosed;              // set once: takes no more posts
    private bool _wasReady;              // set once
    private object? _slots;              // of a troupe that was dropped; nothing else would hold them, and collected ones are never gone

    /// <summary>Nothing starts before <see cref="Start"/>.</summary>
    public SubmittingSide(string name, RabbitTroupeOptions options, TaskMessageFormat format, TroupeTopology topology)
    {
        (_name, _options, _topology) = (name, options, topology);
        _timeProvider = options.TimeProvider;
        _logger = options.LoggerFactory is { } factory ? new SafeLogger(factory.CreateLogger("TinyWorker.RabbitMQ")) : NullLogger.Instance;
        _postRoom = new AsyncSemaphore(options.MaxInFlight);
        _queueCounts = new QueueCountCache(topology, _timeProvider);
        Outbox = new Outbox(options.MaxInFlight, _client, format, options.CancellationGrace, NoteQueueMissing);
        _connection = new BrokerConnection(
            new BrokerConnectionSettings(
                name, "submitter", options.Broker, options.Heartbeat, options.BrokerLostAfter, _logger, _timeProvider),
            SetUpAsync)
        {
            Changed = OnChanged,
        };
    }

    public Outbox Outbox { get; }

    string IMeteredSubmitter.Name => _name;

    /// <summary>How the connection is, why, and whether it has ever been ready.</summary>
    public (RabbitConnectionState State, TroupeException? Outage, bool WasReady) Connection =>
        (_connection.State, _connection.Outage, Volatile.Read(ref _wasReady));

    public Exception? LastError => _connection.LastError;

    /// <summary>Ends when everything has ended.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Begins to connect.</summary>
    /// <param name="slots">What the slots belong to. It is kept until they have gone.</param>
    /// <param name="gone">Ends when the slots have gone: then this ends, too.</param>
    public void Start(object slots, Task gone)
    {
        _slots = slots;
        _connection.Start();
        RabbitMeter.Add(this);
        using (ExecutionContext.SuppressFlow()) Ended = Task.Run(() => EndAsync(gone));
    }

    public Task WhenReadyAsync(CancellationToken cancellationToken) => _connection.WhenReadyAsync(cancellationToken);

    /// <summary>Takes no more posts.</summary>
    public void Close() => Volatile.Write(ref _isClosed, true);

    /// <summary>Tasks that are cancelled end at once, and posts are given up.</summary>
    public void Abort()
    {
        Close();
        Outbox.Abort();
        // On the pool: what is registered there is the code of others.
        _ = _aborting.CancelAsync();
    }

    public RabbitTroupeSnapshot Snapshot()
    {
        var session = _connection.Current;
        var queues = _queueCounts.Read(session);
        var counts = Outbox.Counts;
        return new RabbitTroupeSnapshot(
            _connection.State, session?.Endpoint, Outbox.Link?.ReplyQueue, counts.Sent, counts.Stored, counts.SentAgain, counts.Rejected,
            counts.Returned, counts.LateReplies, counts.DeadLettered, _connection.Reconnects, queues.Ready, queues.Suspects,
            queues.DeadLetters, queues.Hosts, _connection.LastError is { } error ? BrokerFault.Describe(error) : null);
    }

    public ObjectDisposedException Stopped() =>
        new(_name, $"'{_name}' is stopped and takes no more work. Submit before it is disposed, or make another one.");

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void NoteChange() => Interlocked.Exchange(ref _change, NewChange()).TrySetResult();

    private void OnChanged()
    {
        Outbox.SetOutage(_connection.Outage);
        if (_connection.State == RabbitConnectionState.Ready)
        {
            Volatile.Write(ref _wasReady, true);
            Outbox.Visit();   // the block may have ended
        }

        NoteChange();
    }

    private void RenewStorage()
    {
        Outbox.RenewStorage();
        NoteChange();
    }

    private async Task EndAsync(Task gone)
    {
        await gone.ConfigureAwait(false);
        _slots = null;
        Close();
        _posts.Signal();
        await _posts.WaitAsync().ConfigureAwait(false);
        Outbox.End();
        await DeleteReplyQueueAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
        RabbitMeter.End(this);
        NoteChange();
    }

    // If that fails, it expires.
    private async Task DeleteReplyQueueAsync()
    {
        if (Outbox.Link is not SessionLink { IsOpen: true } link || _replyChannel is not { } channel || _consumerTag is not { } tag) return;
        try
        {
            using var patience = new CancellationTokenSource(FarewellPatience, _timeProvider);
            // The consumer first: if the broker cancels it, the session counts as lost.
            await channel.BasicCancelAsync(tag, cancellationToken: patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
            await link.Session.AskAsync(
                (asked, cancelled) =>
                    asked.QueueDeleteAsync(link.ReplyQueue, ifUnused: false, ifEmpty: false, cancellationToken: cancelled),
                patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            SubmittingLog.ReplyQueueStays(_logger, _name, link.ReplyQueue, BrokerFault.Describe(error));
        }
    }
}
