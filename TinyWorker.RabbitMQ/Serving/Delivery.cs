namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// A message that the broker gave to this host. Its tag belongs to one channel of one session: when that has ended, the tag is worthless,
/// the broker gives out the message again, and the methods of the channel do nothing. Each delivery is settled once.
/// </summary>
/// <param name="Channel">Where it came from.</param>
/// <param name="Tag">What the broker calls it there.</param>
/// <param name="ReplyTo">Where the reply goes; null if nobody waits for one.</param>
/// <param name="Before">How often the task was delivered before, to whatever host.</param>
/// <param name="Copy">The message, if to give it back to the broker would count as an attempt too many; else null.</param>
internal readonly record struct Delivery(IDeliveryChannel Channel, ulong Tag, string? ReplyTo, int Before = 0, TaskCopy? Copy = null);

/// <summary>Settles the deliveries of one channel. Thread-safe; nothing blocks.</summary>
internal interface IDeliveryChannel
{
    /// <summary>Whether its session has ended.</summary>
    bool IsOver { get; }

    /// <summary>Where replies to its deliveries are sent, in the same session.</summary>
    Outbox Outbox { get; }

    /// <summary>The delivery is done with.</summary>
    void Acknowledge(ulong tag);

    /// <summary>The delivery goes back to its queue. It counts as an attempt, whether the task has begun or not.</summary>
    void GiveBack(ulong tag);

    /// <summary>The delivery goes to the dead letters.</summary>
    void DeadLetter(ulong tag);
}

/// <summary>The deliveries of one task: nearly always one, so that one costs no list.</summary>
internal struct DeliveryList
{
    private Delivery _first;
    private List<Delivery>? _others;

    public int Count { get; private set; }

    public readonly Delivery this[int index] => index == 0 ? _first : _others![index - 1];

    public void Add(in Delivery delivery)
    {
        if (Count++ == 0) _first = delivery;
        else (_others ??= []).Add(delivery);
    }
}
