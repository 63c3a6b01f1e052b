using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Nito.AsyncEx;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;
using TinyWorker.RabbitMQ.Telemetry;
using TinyWorker.Tasks;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>
/// Everything of a submitting side that knows no types: the connection, the requests, the replies, posted tasks, and the end of all of it.
/// It holds nothing that users hold: a troupe that was dropped can be collected, and then ends this.
/// </summary>
/// <remarks>
/// The connection has one owner, this object, and ends once: when the slots have gone (whoever ended the troupe), and no task is being
/// posted. Replies come while the troupe drains. The reply queue goes after that, and the connection last.
/// </remarks>
internal sealed class SubmittingSide : IMeteredSubmitter
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
#pragma warning disable CA2213 // It has no timer and no handle.
    private readonly CancellationTokenSource _aborting = new();
#pragma warning restore CA2213
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

    /// <summary>Nothing starts before <see cref="Start"/>.</summary>
    public SubmittingSide(string name, RabbitTroupeOptions options, TaskMessageFormat format, TroupeTopology topology)
    {
        (_name, _options, _topology) = (name, options, topology);
        _timeProvider = options.TimeProvider;
        _logger = (ILogger?)options.LoggerFactory?.CreateLogger("TinyWorker.RabbitMQ") ?? NullLogger.Instance;
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
    /// <param name="gone">Ends when the slots have gone: then this ends, too.</param>
    public void Start(Task gone)
    {
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

    /// <summary>Sends a task for whose result nobody waits, as often as it takes until it is stored.</summary>
    public async Task PostAsync(string taskId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        BeginPost();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _aborting.Token);
            using (await _postRoom.LockAsync(either.Token).ConfigureAwait(false))
                await PostOneAsync(taskId, body, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stopped();
        }
        finally
        {
            _posts.Signal();
        }
    }

    public ObjectDisposedException Stopped() =>
        new(_name, $"'{_name}' is stopped and takes no more work. Submit before it is disposed, or make another one.");

    // After the count: whoever ends this closes first, and looks at the count afterwards.
    private void BeginPost()
    {
        if (Volatile.Read(ref _isClosed)) throw Stopped();
        try
        {
            _posts.AddCount();
        }
        catch (InvalidOperationException)
        {
            throw Stopped();
        }
    }

    private async Task PostOneAsync(string taskId, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var message = new PostedMessage(Outbox.Format);
        var span = RabbitActivity.StartSend(Outbox.Format.Exchange, taskId, replyQueue: null, body.Length);
        message.Write(taskId, body, new ForwardedTerms(), span ?? System.Diagnostics.Activity.Current);
        var outcome = PublishOutcome.Lost;   // if it is given up before it has been sent
        try
        {
            outcome = await StoreAsync(message, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            RabbitActivity.EndSend(span, outcome);
        }
    }

    private async Task<PublishOutcome> StoreAsync(PostedMessage message, CancellationToken cancellationToken)
    {
        ISubmittingLink? lostOn = null;
        for (var wasSent = false; ; wasSent = true)
        {
            var link = await OpenLinkAsync(lostOn, cancellationToken).ConfigureAwait(false);
            if (wasSent) message.MarkResent();
            Outbox.Counts.NoteSent(again: wasSent);
            // The publisher has it until it says how it ended: whoever waits may go, the message is not touched any more.
            var outcome = await message.SendAsync(link).WaitAsync(cancellationToken).ConfigureAwait(false);
            lostOn = null;
            switch (outcome)
            {
                case PublishOutcome.Stored:
                    Outbox.Counts.NoteStored();
                    return outcome;
                case PublishOutcome.Rejected:
                    Outbox.Counts.NoteRejected();
                    var pause = TimeSpan.FromMilliseconds(Random.Shared.Next(ShortestPause, LongestPause));
                    await Task.Delay(pause, _timeProvider, cancellationToken).ConfigureAwait(false);
                    break;
                case PublishOutcome.Returned:
                    Outbox.Counts.NoteReturned();
                    var change = Volatile.Read(ref _change).Task;
                    NoteQueueMissing();
                    await change.WaitAsync(cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    if (!link.IsOpen) lostOn = link;
                    break;
            }
        }
    }

    private async Task<ISubmittingLink> OpenLinkAsync(ISubmittingLink? lostOn, CancellationToken cancellationToken)
    {
        while (true)
        {
            var change = Volatile.Read(ref _change).Task;   // before the look
            if (_connection.Outage is { } outage) throw outage.ForOneTask();
            if (Outbox.Link is { IsOpen: true } link && link != lostOn) return link;
            await change.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

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

    // For each new session, one at a time.
    private async Task SetUpAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        lock (_setUpLock) _newest = session;
        var isNew = await _topology.EnsureAsync(session, cancellationToken).ConfigureAwait(false);
        isNew |= await SetUpRepliesAsync(session, cancellationToken).ConfigureAwait(false);
        var publisher = await session.OpenPublisherAsync(cancellationToken).ConfigureAwait(false);
        lock (_setUpLock)
        {
            if (_newest != session) return;   // it took too long: another session is on its way
            Outbox.Connect(new SessionLink(session, publisher, _topology.Control, ReplyQueue), isNew || _mustSendAgain);
            _mustSendAgain = false;
        }

        NoteChange();
    }

    private string ReplyQueue => _topology.Replies(_replyQueueNumber == 1 ? _client : $"{_client}-{_replyQueueNumber}");

    private async Task<bool> SetUpRepliesAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(ReplyQueuePatience, _timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            var isNew = await _topology.EnsureRepliesAsync(session, ReplyQueue, _options.ReplyQueueExpires, either.Token)
                .WaitAsync(either.Token).ConfigureAwait(false);
            var prefetch = (ushort)Math.Clamp(_options.MaxInFlight, LeastPrefetch, MostPrefetch);
            var channel = await session.OpenChannelAsync(prefetch, either.Token).ConfigureAwait(false);
            var acknowledger = session.OpenAcknowledger(channel);
            var tag = await session.ConsumeAsync(
                channel, ReplyQueue, exclusive: true,
                (delivery, _, exchange, _, properties, body) =>
                {
                    Receive(exchange, properties, body);
                    acknowledger.Ack(delivery);
                    return ValueTask.CompletedTask;
                },
                either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            lock (_setUpLock)
            {
                if (_newest == session) (_replyChannel, _consumerTag, _replyQueueTries) = (channel, tag, 0);
            }

            return isNew;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && session.EndReason is null)
        {
            // A queue that was declared shortly before all nodes died may come back without a leader for good.
            TakeNewReplyQueue(session, "the broker does not answer for it");
            throw new TimeoutException($"The broker did not answer for the reply queue of '{_name}'. Another one takes its place.");
        }
        catch (OperationInterruptedException error) when (IsInUse(error) && ++_replyQueueTries >= TriesOfReplyQueue)
        {
            TakeNewReplyQueue(session, "the broker holds it for a connection that is gone");
            throw;
        }
    }

    private static bool IsInUse(OperationInterruptedException error) =>
        error.ShutdownReason is { ReplyCode: Constants.AccessRefused } reason
        && reason.ReplyText.Contains("exclusive use", StringComparison.OrdinalIgnoreCase);

    // The next set-up uses it. What was answered into the old one is lost: everything open is sent again.
    private void TakeNewReplyQueue(BrokerSession session, string reason)
    {
        lock (_setUpLock)
        {
            if (_newest != session) return;
            SubmittingLog.ReplyQueueGivenUp(_logger, _name, ReplyQueue, reason);
            _replyQueueNumber++;
            _replyQueueTries = 0;
            _mustSendAgain = true;
        }
    }

    // By the channel's reader: no user code here.
    private void Receive(string exchange, IReadOnlyBasicProperties message, ReadOnlyMemory<byte> body)
    {
        var taskId = message.CorrelationId;
        if (exchange == _topology.Dead)
        {
            var death = Death.Of(message, _topology.Queue.DeliveryLimit);
            var dead = new TaskDeadLetteredException(_name, taskId ?? "unknown", death.Attempts, death.Reason);
            if (Outbox.Receive(taskId, Reply.Failed(dead))) Outbox.Counts.NoteDeadLettered();
            return;
        }

        if (exchange == _topology.News)
        {
            // On the pool: it is about all requests, and this is where replies are read.
            using (ExecutionContext.SuppressFlow()) _ = Task.Run(RenewStorage);
            return;
        }

        var outcome = KnownOutcome(message);
        Outbox.Receive(taskId, new Reply(outcome, body.ToArray(), TraceHeaders.TextOf(message, MessageHeaders.Error), null));
    }

    // The usual one is not made a string for each reply.
    private static string KnownOutcome(IReadOnlyBasicProperties message)
    {
        if (message.Headers is { } headers && headers.TryGetValue(MessageHeaders.Outcome, out var value) && value is byte[] bytes
            && bytes.AsSpan().SequenceEqual("ok"u8)) return TaskOutcome.Ok;
        return TraceHeaders.TextOf(message, MessageHeaders.Outcome) ?? "";
    }

    /// <summary>A task found no queue. It is looked for and declared again, not too often; then everything open is sent again.</summary>
    private void NoteQueueMissing()
    {
        if (Interlocked.Exchange(ref _isLookingForQueue, 1) != 0) return;
        using (ExecutionContext.SuppressFlow()) _ = Task.Run(LookForQueueAsync);
    }

    private async Task LookForQueueAsync()
    {
        try
        {
            if (Outbox.Link is SessionLink { Session: { EndReason: null } session })
            {
                SubmittingLog.QueueMissing(_logger, _name, _topology.Tasks);
                using var patience = new CancellationTokenSource(BrokerConnection.SetUpTimeout, _timeProvider);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, session.Ended);
                try
                {
                    await _topology.EnsureAsync(session, either.Token).ConfigureAwait(false);
                    RenewStorage();
                }
                catch (Exception error)
                {
                    session.Fail(error);   // the set-up of the next one tells what it means
                }
            }

            await Task.Delay(QueuePause, _timeProvider, _aborting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            // What was returned meanwhile has not begun another look: it is sent again now, and may begin one.
            Interlocked.Exchange(ref _isLookingForQueue, 0);
            Outbox.Visit();
            NoteChange();
        }
    }

    private void RenewStorage()
    {
        Outbox.RenewStorage();
        NoteChange();
    }

    private async Task EndAsync(Task gone)
    {
        await gone.ConfigureAwait(false);
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
                (asked, cancelled) => asked.QueueDeleteAsync(link.ReplyQueue, ifUnused: false, ifEmpty: false, cancellationToken: cancelled),
                patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            SubmittingLog.ReplyQueueStays(_logger, _name, link.ReplyQueue, BrokerFault.Describe(error));
        }
    }
}
