using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// What a host has in one session with the broker: the channels that tasks come through, the deliveries that are not settled, and the
/// messages on their way. When the session ends, all of it is worthless, and every method does nothing. Thread-safe, but for the consumers,
/// which the host changes under a lock of its own.
/// </summary>
internal sealed class ServingSession
{
    private readonly Action _onSettled;
    private readonly Lock _lock = new();
    private readonly List<(ServingChannel Channel, ulong Tag)> _held = [];   // guarded by _lock
    private bool _holdsBack;                                                 // guarded by _lock
    private int _unsettled;
    private int _hasControl;

    /// <param name="broker">The session.</param>
    /// <param name="tasks">The channel that tasks come through.</param>
    /// <param name="suspects">The channel that suspects come through.</param>
    /// <param name="outbox">Sends what the host has to send.</param>
    /// <param name="onSettled">Called when a delivery is settled.</param>
    public ServingSession(BrokerSession broker, IChannel tasks, IChannel suspects, Outbox outbox, Action onSettled)
    {
        (Broker, Outbox, _onSettled) = (broker, outbox, onSettled);
        Tasks = new ServingChannel(this, tasks, broker.OpenAcknowledger(tasks), isOfSuspects: false);
        Suspects = new ServingChannel(this, suspects, broker.OpenAcknowledger(suspects), isOfSuspects: true);
    }

    public BrokerSession Broker { get; }

    public Outbox Outbox { get; }

    public ServingChannel Tasks { get; }

    public ServingChannel Suspects { get; }

    public bool IsOver => Broker.Ended.IsCancellationRequested;

    /// <summary>Deliveries that are not settled yet.</summary>
    public int Unsettled => Volatile.Read(ref _unsettled);

    /// <summary>With which prefetch it consumes; 0 if it does not. Written under the host's lock for consumers.</summary>
    public ushort Prefetch { get; set; }

    /// <summary>Since when, as a timestamp. Deliveries from before hold none of the places.</summary>
    public long ConsumingSince { get; set; }

    /// <summary>Whether the consumer of control messages is there, or is being made.</summary>
    public bool HasControl => Volatile.Read(ref _hasControl) != 0;

    /// <summary>Whether the caller is to make that consumer: nobody else does.</summary>
    public bool TryBeginControl() => Interlocked.Exchange(ref _hasControl, 1) == 0;

    /// <summary>It could not be made.</summary>
    public void GiveUpControl() => Volatile.Write(ref _hasControl, 0);

    /// <summary>From now on what is given back is kept until <see cref="ReleaseHeld"/>: a consumer that is still there would get it again
    /// at once, and each time counts as an attempt.</summary>
    public void HoldBack()
    {
        lock (_lock) _holdsBack = true;
    }

    /// <summary>The consumers are gone: gives back what was kept, in the order in which it came.</summary>
    public void ReleaseHeld()
    {
        List<(ServingChannel Channel, ulong Tag)> held;
        lock (_lock)
        {
            _holdsBack = false;
            held = [.. _held];
            _held.Clear();
        }

        foreach (var (channel, tag) in held.OrderBy(static one => one.Tag)) channel.GiveBackNow(tag);
    }

    /// <summary>Waits until what was settled is settled at the broker. Then the connection may be closed.</summary>
    public Task FlushAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(Tasks.FlushAsync(cancellationToken), Suspects.FlushAsync(cancellationToken));

    /// <summary>The deliveries of one of its channels.</summary>
    internal sealed class ServingChannel(ServingSession session, IChannel channel, Acknowledger acknowledger, bool isOfSuspects)
        : IDeliveryChannel
    {
        /// <summary>The consumer's tag; null while there is none. Written under the host's lock for consumers.</summary>
        public string? Consumer { get; set; }

        public IChannel Channel => channel;

        public ServingSession Session => session;

        public bool IsOfSuspects => isOfSuspects;

        public bool IsOver => session.IsOver;

        public Outbox Outbox => session.Outbox;

        /// <summary>A delivery came. It is settled later, once.</summary>
        public void Take() => Interlocked.Increment(ref session._unsettled);

        public void Acknowledge(ulong tag)
        {
            acknowledger.Ack(tag);
            Settled();
        }

        public void DeadLetter(ulong tag)
        {
            acknowledger.Nack(tag, requeue: false);
            Settled();
        }

        public void GiveBack(ulong tag)
        {
            lock (session._lock)
            {
                if (session._holdsBack)
                {
                    session._held.Add((this, tag));
                    return;
                }
            }

            GiveBackNow(tag);
        }

        internal void GiveBackNow(ulong tag)
        {
            acknowledger.Nack(tag, requeue: true);
            Settled();
        }

        internal Task FlushAsync(CancellationToken cancellationToken) => acknowledger.FlushAsync(cancellationToken);

        private void Settled()
        {
            Interlocked.Decrement(ref session._unsettled);
            session._onSettled();
        }
    }
}
