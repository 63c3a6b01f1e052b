using System.Threading.Channels;
using Nito.AsyncEx;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>How a publication ended.</summary>
internal enum PublishOutcome
{
    /// <summary>The broker has it, in every queue that it went to.</summary>
    Stored,

    /// <summary>The broker refused it: a queue is full, or has no leader at the moment. (Or it could not be written: a name of more than
    /// 255 bytes, a header of a type that AMQP does not have. Then the log says so.)</summary>
    Rejected,

    /// <summary>No queue takes it.</summary>
    Returned,

    /// <summary>The session ended before the answer, or the broker left it out for long while it confirmed later ones: the broker may have
    /// it or not.</summary>
    Lost,
}

/// <summary>
/// A message that is to be stored. It is the state of its own sending, so that nothing is allocated for that; it may be published again once
/// it has ended.
/// </summary>
internal abstract class Publication
{
    public abstract string Exchange { get; }

    public abstract string RoutingKey { get; }

    /// <summary>With a MessageId. The publisher adds nothing to it.</summary>
    public abstract BasicProperties Properties { get; }

    public abstract ReadOnlyMemory<byte> Body { get; }

    /// <summary>Called once for each time that it was published, on any thread, outside of locks. It must not block.</summary>
    public abstract void End(PublishOutcome outcome);
}

/// <summary>
/// Publishes on one channel and tells how each publication ended. One writer owns the channel's sending side; confirms, rejections and returns
/// come from the channel's reader. (The tracking of RabbitMQ.Client makes a task and a header for each message, and its rate limiter bounds
/// nothing.) Thread-safe.
/// </summary>
/// <remarks>
/// A publication is in exactly one place: in the queue, in the hands of the writer, or among the sent ones (<see cref="SentMessages"/>).
/// Whoever takes it out of there ends it, so that it ends once: the reader for what is confirmed, the writer, when the session has ended, for
/// all that is left. The writer is the only one that takes from the queue.
/// </remarks>
internal sealed class ConfirmingPublisher
{
    /// <summary>How many publications may be sent and not confirmed. Those beyond wait in the queue.</summary>
    internal const int MaxUnconfirmed = 4096;

    // A channel that was opened during an election may reject everything for ever, or answer nothing. After so many sweeps without an
    // answer another takes its place; sooner while nothing was stored yet, and each time later.
    private const int UnprovenSweeps = 2;
    private const int ProvenSweeps = 5;
    private const int MostSweeps = 40;

    private static readonly TimeSpan RejectsAllFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPauseBetweenChannels = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly BrokerSession _session;
    private readonly CancellationTokenSource _ended; // with the session, or by Close
    private readonly CancellationToken _isEnded;
    private readonly Channel<Publication> _queue = Channel.CreateUnbounded<Publication>(new() { SingleReader = true });
    private readonly Lock _gate = new(); // around _sent
    private readonly SentMessages _sent = new(MaxUnconfirmed);
    private readonly AsyncAutoResetEvent _hasRoom = new();
    private readonly List<(Publication Publication, PublishOutcome Outcome)> _ending = []; // the reader's alone
    private IChannel _channel; // the writer's; another one takes its place if it rejects everything
    private TimeSpan _pauseBetweenChannels = RejectsAllFor; // the writer's
    private long _rejectsSince; // a timestamp; zero if the newest answer was no rejection
    private long _answers; // under the lock
    private bool _isProven; // under the lock: something was stored by way of this publisher
    private volatile bool _isSilent; // set by the sweeps, taken back by the writer
    private int _outstanding;
    private bool _isWaitingForRoom; // under the lock

    private ConfirmingPublisher(BrokerSession session, IChannel channel)
    {
        (_session, _channel) = (session, channel);
        _ended = CancellationTokenSource.CreateLinkedTokenSource(session.Ended);
        _isEnded = _ended.Token;
        Listen(channel);
    }

    /// <summary>Publications that have not ended.</summary>
    public int Outstanding => Volatile.Read(ref _outstanding);

    internal static async Task<ConfirmingPublisher> OpenAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        var channel = await session.OpenConfirmingChannelAsync(cancellationToken).ConfigureAwait(false);
        var publisher = new ConfirmingPublisher(session, channel);
        using (ExecutionContext.SuppressFlow()) // no activity of the opener is the parent of what is sent
        {
            BrokerSession.LetGo(Task.Run(publisher.WriteAsync, CancellationToken.None));
            BrokerSession.LetGo(Task.Run(publisher.SweepAsync, CancellationToken.None));
        }

        return publisher;
    }

    /// <summary>Publishes, mandatory and persistent. Returns at once, and never ends it before. It ends as
    /// <see cref="PublishOutcome.Lost"/> if the session has ended.</summary>
    public void Publish(Publication publication)
    {
        Interlocked.Increment(ref _outstanding);
        if (_queue.Writer.TryWrite(publication)) return;
        // Not on the caller's stack: whoever publishes again what was lost would come back here, deeper each time.
        ThreadPool.UnsafeQueueUserWorkItem(
            static lost => lost.This.End(lost.Publication, PublishOutcome.Lost), (This: this, Publication: publication),
            preferLocal: false);
    }

    /// <summary>Ends this publisher alone; what is outstanding ends as <see cref="PublishOutcome.Lost"/>, and so does what is published
    /// later. The channel is closed aside.</summary>
    public void Close()
    {
        try
        {
            BrokerSession.LetGo(_ended.CancelAsync());
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }

    private async Task WriteAsync()
    {
        Publication? inHand = null;
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_isEnded).ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out inHand))
                {
                    if (_session.IsBlocked) await _session.WhenUnblockedAsync(_isEnded).ConfigureAwait(false);
                    if (_isSilent) await ReplaceSilentChannelAsync().ConfigureAwait(false);
                    if (Volatile.Read(ref _rejectsSince) != 0) await ReplaceChannelIfItRejectsAllAsync().ConfigureAwait(false);

                    // First it is noted, then it is sent: the confirm may come before the call returns.
                    while (!TryNote(inHand)) await _hasRoom.WaitAsync(_isEnded).ConfigureAwait(false);
                    var publication = inHand;
                    inHand = null;
                    try
                    {
                        await _channel.BasicPublishAsync(
                            publication.Exchange, publication.RoutingKey, mandatory: true, publication.Properties, publication.Body,
                            _isEnded).ConfigureAwait(false);
                    }
                    catch (Exception error) when (error is WireFormattingException or ArgumentException)
                    {
                        // Nothing of it was sent, and the channel has taken its number back. It must not stop the others.
                        Log.Unwritable(_session.Logger, publication.Exchange, publication.RoutingKey, error);
                        lock (_gate) _sent.TakeBack(publication);
                        End(publication, PublishOutcome.Rejected);
                    }
                }
            }
        }
        catch (Exception error)
        {
            if (!_isEnded.IsCancellationRequested) _session.Fail(error);
        }

        await _ended.CancelAsync().ConfigureAwait(false); // for the sweeps
        BrokerSession.LetGo(_channel.AbortAsync(CancellationToken.None));
        _queue.Writer.TryComplete();
        if (inHand is not null) End(inHand, PublishOutcome.Lost);
        List<(Publication Publication, PublishOutcome Outcome)> lost = [];
        lock (_gate) _sent.TakeAll(lost);
        EndAll(lost);
        while (_queue.Reader.TryRead(out var unsent)) End(unsent, PublishOutcome.Lost);
        _ended.Dispose();
    }

    private bool TryNote(Publication publication)
    {
        lock (_gate)
        {
            _isWaitingForRoom = !_sent.TryAdd(publication);
            return !_isWaitingForRoom;
        }
    }

    private void Listen(IChannel channel)
    {
        channel.BasicAcksAsync += (_, ack) => OnAnswerAsync(channel, ack.DeliveryTag, ack.Multiple, PublishOutcome.Stored);
        channel.BasicNacksAsync += (_, nack) => OnAnswerAsync(channel, nack.DeliveryTag, nack.Multiple, PublishOutcome.Rejected);
        channel.BasicReturnAsync += (_, returned) => OnReturnAsync(channel, returned);
        channel.CallbackExceptionAsync += (_, error) => FailAsync(error.Exception);
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            var isOurs = ReferenceEquals(channel, Volatile.Read(ref _channel)) && !_isEnded.IsCancellationRequested;
            return isOurs
                ? FailAsync(new SessionEndedException("A channel was closed: " + BrokerFault.Describe(reason), reason))
                : Task.CompletedTask;
        };
    }

    // By the connection's reader, one at a time.
    private Task OnAnswerAsync(IChannel channel, ulong number, bool multiple, PublishOutcome outcome)
    {
        if (outcome == PublishOutcome.Stored) Volatile.Write(ref _rejectsSince, 0);
        else if (Volatile.Read(ref _rejectsSince) == 0) Volatile.Write(ref _rejectsSince, _session.TimeProvider.GetTimestamp());

        bool isWaitingForRoom;
        lock (_gate)
        {
            if (!ReferenceEquals(channel, _channel)) return Task.CompletedTask;
            _answers++;
            _isProven |= outcome == PublishOutcome.Stored;
            _sent.Take(number, multiple, outcome, _ending);
            isWaitingForRoom = _isWaitingForRoom;
        }

        if (isWaitingForRoom) _hasRoom.Set();
        EndAll(_ending);
        _ending.Clear();
        return Task.CompletedTask;
    }

    // The broker returns a message before it confirms it.
    private Task OnReturnAsync(IChannel channel, BasicReturnEventArgs returned)
    {
        if (returned.BasicProperties.MessageId is { } id)
        {
            lock (_gate)
            {
                if (ReferenceEquals(channel, _channel)) _sent.MarkReturned(id);
            }
        }

        return Task.CompletedTask;
    }

    private Task FailAsync(Exception error)
    {
        _session.Fail(error);
        return Task.CompletedTask;
    }

    private async Task ReplaceChannelIfItRejectsAllAsync()
    {
        var since = Volatile.Read(ref _rejectsSince);
        if (since == 0)
        {
            _pauseBetweenChannels = RejectsAllFor;
            return;
        }

        var time = _session.TimeProvider;
        if (time.GetElapsedTime(since) < _pauseBetweenChannels) return;
        if (!await WaitUntilNothingIsSentAsync(time).ConfigureAwait(false)) return;
        if (Volatile.Read(ref _rejectsSince) == 0) return; // one was stored after all

        Log.ChannelReplaced(_session.Logger, "rejected all", time.GetElapsedTime(since).TotalSeconds);
        await ReplaceChannelAsync().ConfigureAwait(false);
        // A full queue rejects everything, too. There no other channel helps.
        Volatile.Write(ref _rejectsSince, 0);
        _pauseBetweenChannels = TimeSpan.FromTicks(Math.Min(_pauseBetweenChannels.Ticks * 2, LongestPauseBetweenChannels.Ticks));
    }

    private async Task ReplaceSilentChannelAsync()
    {
        await ReplaceChannelAsync().ConfigureAwait(false);
        _isSilent = false;
    }

    private async Task ReplaceChannelAsync()
    {
        var fresh = await _session.OpenConfirmingChannelAsync(_isEnded).ConfigureAwait(false);
        var old = _channel;
        List<(Publication Publication, PublishOutcome Outcome)> lost = [];
        // In one step: from here on an answer of the old channel is about nothing, and the new one has answered nothing yet.
        lock (_gate)
        {
            _sent.TakeAll(lost);
            _sent.Restart();
            Volatile.Write(ref _channel, fresh);
        }

        Listen(fresh);
        BrokerSession.LetGo(old.AbortAsync(CancellationToken.None));
        EndAll(lost);
    }

    // Not longer than a moment: one of them may never be answered.
    private async Task<bool> WaitUntilNothingIsSentAsync(TimeProvider time)
    {
        using var patience = new CancellationTokenSource(RejectsAllFor, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _isEnded);
        try
        {
            while (!IsNothingSent()) await _hasRoom.WaitAsync(linked.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!_isEnded.IsCancellationRequested)
        {
            Volatile.Write(ref _rejectsSince, time.GetTimestamp()); // and look again later
            return false;
        }
    }

    private bool IsNothingSent()
    {
        lock (_gate)
        {
            _isWaitingForRoom = _sent.Count > 0;
            return !_isWaitingForRoom;
        }
    }

    // A message to a queue without a leader may stay unconfirmed for ever, while those to other queues are confirmed. And a channel that
    // was opened while a queue had no leader may answer nothing at all from then on, though the queue has one again.
    private async Task SweepAsync()
    {
        List<(Publication Publication, PublishOutcome Outcome)> overtaken = [];
        List<(Publication Publication, PublishOutcome Outcome)> unanswered = [];
        var (answers, silence, patience) = (0L, 0, UnprovenSweeps);
        using var timer = new PeriodicTimer(SweepPeriod, _session.TimeProvider);
        while (await timer.WaitForNextTickAsync(_isEnded).ConfigureAwait(false))
        {
            bool isWaitingForRoom;
            lock (_gate)
            {
                _sent.TakeOvertaken(overtaken);
                if (_answers != answers) (answers, silence, patience) = (_answers, 0, _isProven ? ProvenSweeps : patience);
                else if (_sent.Count == 0 || _session.IsBlocked) silence = 0;
                else silence++;
                if (silence == patience)
                {
                    _sent.TakeAll(unanswered);
                    _isSilent = true; // the writer opens another channel, if there is anything more to publish
                }

                isWaitingForRoom = _isWaitingForRoom && overtaken.Count + unanswered.Count > 0;
            }

            if (unanswered.Count > 0)
            {
                Log.ChannelReplaced(_session.Logger, "answered nothing", silence);
                silence = 0;
                patience = Math.Min(patience * 2, MostSweeps); // a node that hangs answers nothing, either
            }

            foreach (var (publication, _) in overtaken)
                Log.Overtaken(_session.Logger, publication.Exchange, publication.RoutingKey);
            if (isWaitingForRoom) _hasRoom.Set();
            EndAll(overtaken);
            EndAll(unanswered);
            overtaken.Clear();
            unanswered.Clear();
        }
    }

    private void EndAll(List<(Publication Publication, PublishOutcome Outcome)> ended)
    {
        foreach (var (publication, outcome) in ended) End(publication, outcome);
    }

    private void End(Publication publication, PublishOutcome outcome)
    {
        Interlocked.Decrement(ref _outstanding);
        publication.End(outcome);
    }
}
