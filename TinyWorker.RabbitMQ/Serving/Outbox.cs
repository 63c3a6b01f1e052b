using System.Diagnostics;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>A channel with confirms, as an <see cref="Outbox"/> needs it.</summary>
internal interface IOutboxChannel
{
    /// <summary>Publishes, and returns at once. The end of the publication is told to it.</summary>
    void Publish(Publication publication);

    /// <summary>Closes the channel, aside. What has not ended there ends as lost.</summary>
    void Close();
}

/// <summary>
/// Sends the messages of one session: replies, and copies of tasks. Each queue has a lane, which is a channel of its own: a lane whose
/// queue has no leader stands still for good, and must not hold up the others. Thread-safe; nothing blocks.
/// </summary>
/// <remarks>
/// A message is the outbox's from <see cref="Send"/> until its <see cref="OutgoingMessage.Conclude"/>, which comes once:
/// when the broker has answered, when its patience is over, or when the session ends. A message that is rejected is sent again meanwhile.
/// <see cref="Tick"/> drives what takes time; whoever owns the outbox calls it, also when the session has ended, by <see cref="End"/>.
/// </remarks>
internal sealed class Outbox
{
    /// <summary>So many lanes of their own; further queues share some. A connection has 2,047 channels by default.</summary>
    internal const int MostLanes = 256;
    internal const int SharedLanes = 16;

    /// <summary>When a message takes so long, its place among the deliveries is no good for others.</summary>
    internal static readonly TimeSpan Slow = TimeSpan.FromSeconds(2);

    /// <summary>After this time without messages a lane is closed: submitters come and go.</summary>
    internal static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(1);

    /// <summary>The same for one in trouble. The next message tries another channel then.</summary>
    internal static readonly TimeSpan IdleInTroubleFor = TimeSpan.FromMinutes(5);

    private readonly TimeProvider _clock;
    private readonly Func<Task<IOutboxChannel>> _open;
    private readonly Action _wake;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LaneState> _lanes = [];   // guarded by _lock
    private bool _isOver;                                         // guarded by _lock
    private long _unblockedAt;                                    // from when on patience counts; guarded by _lock
    private int _waiting;
    private long _answeredAt;                                     // when the broker has last answered for any queue; 0 before

    /// <param name="clock">The clock.</param>
    /// <param name="open">Opens a channel. It fails when the session ends.</param>
    /// <param name="wake">Called when there is something that <see cref="Tick"/> must look at.</param>
    public Outbox(TimeProvider clock, Func<Task<IOutboxChannel>> open, Action wake) =>
        (_clock, _open, _wake, _unblockedAt) = (clock, open, wake, clock.GetTimestamp());

    /// <summary>Messages that have no fate yet.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>Whether the broker has answered for any queue within this time.</summary>
    public bool HasAnsweredWithin(TimeSpan time) =>
        Volatile.Read(ref _answeredAt) is var answeredAt and not 0 && _clock.GetElapsedTime(answeredAt) <= time;

    /// <summary>Takes a message over.</summary>
    public void Send(OutgoingMessage message)
    {
        Interlocked.Increment(ref _waiting);
        while (true)
        {
            LaneState? lane;
            lock (_lock)
            {
                lane = _isOver ? null : LaneOf_NeedsLock(message.Lane);
            }

            if (lane is null)
            {
                Conclude(message, MessageFate.Lost);
                return;
            }

            if (lane.TrySend(message)) break;   // else it was closed just now, because it had nothing to do
        }

        _wake();
    }

    /// <summary>Looks after what takes time.</summary>
    /// <param name="isBlocked">Whether the broker takes nothing at the moment: then nobody loses patience.</param>
    /// <param name="slowSince">Count messages that came after this moment.</param>
    /// <returns>How many messages are slow.</returns>
    public int Tick(bool isBlocked, long slowSince)
    {
        LaneState[] lanes;
        long now = _clock.GetTimestamp(), unblockedAt;
        lock (_lock)
        {
            if (isBlocked) _unblockedAt = now;
            unblockedAt = _unblockedAt;
            lanes = [.. _lanes.Values];
        }

        return lanes.Sum(lane => lane.Tick(now, unblockedAt, slowSince));
    }

    /// <summary>The session has ended: everything that has no fate is lost.</summary>
    public void End()
    {
        LaneState[] lanes;
        lock (_lock)
        {
            if (_isOver) return;
            _isOver = true;
            lanes = [.. _lanes.Values];
            _lanes.Clear();
        }

        foreach (var lane in lanes) lane.End();
    }

    private LaneState LaneOf_NeedsLock(string name)
    {
        if (_lanes.TryGetValue(name, out var lane)) return lane;
        if (_lanes.Count >= MostLanes)
        {
            name = $"shared:{(uint)string.GetHashCode(name) % SharedLanes}";
            if (_lanes.TryGetValue(name, out lane)) return lane;
        }

        lane = new LaneState(this, name);
        _lanes.Add(name, lane);
        return lane;
    }

    private bool Forget(LaneState lane)
    {
        lock (_lock) return _lanes.TryGetValue(lane.Name, out var known) && known == lane && _lanes.Remove(lane.Name);
    }

    private void Conclude(OutgoingMessage message, MessageFate fate)
    {
        message.Conclude(fate);
        Interlocked.Decrement(ref _waiting);   // last: who waits for none may close the session then
    }

    /// <summary>One queue's messages, and the channel that they go through.</summary>
    /// <remarks>
    /// A message is in _parked, or the channel has it, or it has its fate. _waiting has those without a fate, and some that got one since it
    /// was last looked through. While the lane is troubled (a message was not answered in time, and nothing was answered since), messages
    /// are parked: the channel of such a queue takes no more, and what is sent there only piles up at the broker.
    /// </remarks>
    internal sealed class LaneState(Outbox owner, string name)
    {
        private readonly Lock _lock = new();
        private readonly List<OutgoingMessage> _waiting = [];   // in the order in which they came
        private List<OutgoingMessage> _parked = [];             // to be published when the channel is there, or at the next tick
        private IOutboxChannel? _channel;                       // null before it is open, and while another is being opened
        private bool _isOpening;
        private bool _isTroubled;
        private OutgoingMessage? _probe;                        // the one that tries a lane in trouble, until the channel has told its end
        private bool _isOver;
        private long _usedAt;
        private int _concluded;                                 // how many in _waiting have their fate

        public string Name => name;

        /// <summary>False: the lane is closed, and there is another.</summary>
        public bool TrySend(OutgoingMessage message)
        {
            IOutboxChannel? channel;
            lock (_lock)
            {
                if (_isOver) return false;
                message.Sender = this;
                message.Since = _usedAt = owner._clock.GetTimestamp();
                Trim_NeedsLock();
                _waiting.Add(message);
                channel = _isTroubled ? null : _channel;
                if (channel is null) _parked.Add(message);
                BeginOpening_NeedsLock();
            }

            channel?.Publish(message);   // outside the lock: it may end at once
            return true;
        }

        public void OnEnd(OutgoingMessage message, PublishOutcome outcome)
        {
            MessageFate? fate = null;
            List<OutgoingMessage>? ready = null;
            IOutboxChannel? channel;
            lock (_lock)
            {
                channel = _channel;
                if (message == _probe) _probe = null;
                if (outcome != PublishOutcome.Lost)
                {
                    Volatile.Write(ref owner._answeredAt, owner._clock.GetTimestamp());
                    // The queue answers: what waited for that goes on. What was rejected waits for the next tick.
                    if (_isTroubled && channel is not null && _parked.Count > 0) (ready, _parked) = (_parked, []);
                    _isTroubled = false;
                }

                if (!message.IsConcluded)
                {
                    switch (outcome)
                    {
                        case PublishOutcome.Stored:
                            fate = MessageFate.Stored;
                            break;
                        case PublishOutcome.Returned:
                            fate = MessageFate.Returned;
                            break;
                        case PublishOutcome.Lost when _isOver:
                            fate = MessageFate.Lost;
                            break;
                        default:
                            // Rejected, or lost though the session lives, or has only just ended: the next tick sends it again.
                            _parked.Add(message);
                            break;
                    }

                    if (fate is not null) MarkConcluded_NeedsLock(message);
                }
            }

            if (fate is { } known) owner.Conclude(message, known);
            if (ready is not null) Publish(ready, channel!);
        }

        /// <returns>How many messages are slow.</returns>
        public int Tick(long now, long unblockedAt, long slowSince)
        {
            List<OutgoingMessage>? unanswered = null, ready = null;
            IOutboxChannel? channel, closed = null;
            var slow = 0;
            lock (_lock)
            {
                if (_isOver) return 0;
                Trim_NeedsLock();
                foreach (var message in _waiting)
                {
                    if (message.IsConcluded) continue;
                    var age = owner._clock.GetElapsedTime(Math.Max(message.Since, unblockedAt), now);
                    if (age < Slow) break;   // those behind are younger
                    if (age >= message.Patience) (unanswered ??= []).Add(message);
                    else if (message.Since > slowSince) slow++;
                }

                foreach (var message in unanswered ?? [])
                {
                    MarkConcluded_NeedsLock(message);
                    _parked.Remove(message);
                    _isTroubled = true;
                }

                var mayBeIdleFor = _isTroubled ? IdleInTroubleFor : IdleFor;
                if (_waiting.Count == _concluded && !_isOpening && owner._clock.GetElapsedTime(_usedAt, now) >= mayBeIdleFor
                    && owner.Forget(this))
                {
                    _isOver = true;
                    (closed, _channel) = (_channel, null);
                }
                else if (_parked.Count > 0)
                {
                    BeginOpening_NeedsLock();
                }

                channel = _channel;
                if (channel is not null && !_isTroubled && _parked.Count > 0)
                {
                    (ready, _parked) = (_parked, []);
                }
                else if (channel is not null && _probe is null && _parked.Count > 0)
                {
                    _probe = _parked[0];
                    _parked.RemoveAt(0);
                    ready = [_probe];
                }
            }

            closed?.Close();
            foreach (var message in unanswered ?? []) owner.Conclude(message, MessageFate.Unanswered);
            if (ready is not null) Publish(ready, channel!);
            return slow;
        }

        public void End()
        {
            List<OutgoingMessage> lost;
            lock (_lock)
            {
                _isOver = true;
                // What the channel has ends as lost there, too; it has its fate by then.
                lost = _waiting.FindAll(static message => !message.IsConcluded);
                foreach (var message in lost) MarkConcluded_NeedsLock(message);
                _parked.Clear();
            }

            foreach (var message in lost) owner.Conclude(message, MessageFate.Lost);
        }

        private static void Publish(List<OutgoingMessage> messages, IOutboxChannel channel)
        {
            foreach (var message in messages) channel.Publish(message);
        }

        private void MarkConcluded_NeedsLock(OutgoingMessage message)
        {
            message.IsConcluded = true;
            _concluded++;
        }

        // Looks through all of them when half of them have their fate: a constant cost for each, whatever the order of the answers.
        private void Trim_NeedsLock()
        {
            AssertInvariants_NeedsLock();
            if (_concluded < 16 || _concluded * 2 < _waiting.Count) return;
            _waiting.RemoveAll(static message => message.IsConcluded);
            _concluded = 0;
        }

        private void BeginOpening_NeedsLock()
        {
            if (_channel is not null || _isOpening) return;
            _isOpening = true;
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow()) _ = Task.Run(OpenAsync);
        }

        private async Task OpenAsync()
        {
            IOutboxChannel? channel = null;
            try
            {
                channel = await owner._open().ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Either the session ends, which tells why; or there are too many channels, and the next tick tries again.
            }

            List<OutgoingMessage>? ready = null;
            var isTooLate = false;
            lock (_lock)
            {
                _isOpening = false;
                isTooLate = _isOver;
                if (!isTooLate)
                {
                    _channel = channel;
                    if (channel is not null) (ready, _parked, _isTroubled) = (_parked, [], false);
                }
            }

            if (isTooLate) channel?.Close();
            else if (ready is not null) Publish(ready, channel!);
        }

        [Conditional("DEBUG")]
        private void AssertInvariants_NeedsLock()
        {
            Debug.Assert(_concluded <= _waiting.Count, "those with a fate are among those that came");
            Debug.Assert(_parked.Count <= _waiting.Count, "what is parked has no fate");
        }
    }
}
