using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>What became of a message that the host has sent.</summary>
internal enum MessageFate
{
    /// <summary>The broker has it.</summary>
    Stored,

    /// <summary>There is no queue for it.</summary>
    Returned,

    /// <summary>The broker has said neither in time. It may have it.</summary>
    Unanswered,

    /// <summary>The session has ended. The broker may have it.</summary>
    Lost,
}

/// <summary>A message on its way through an <see cref="Outbox"/>. It is sent until one of the <see cref="MessageFate"/>s is its own, which
/// it has once.</summary>
internal abstract class OutgoingMessage : Publication
{
    /// <summary>Messages with the same lane share a channel, and wait for one another if its queue is in trouble.</summary>
    public abstract string Lane { get; }

    /// <summary>How long the broker may take.</summary>
    public abstract TimeSpan Patience { get; }

    /// <summary>Where it is; set by the outbox, before it is sent.</summary>
    public Outbox.LaneState? Sender { get; set; }

    /// <summary>When it came to the lane, as a timestamp. Guarded by the lane, as is the next one.</summary>
    public long Since { get; set; }

    /// <summary>Whether it has its fate.</summary>
    public bool IsConcluded { get; set; }

    public sealed override void End(PublishOutcome outcome) => Sender!.OnEnd(this, outcome);

    /// <summary>Called once, outside of locks, on any thread. It must not block.</summary>
    public abstract void Conclude(MessageFate fate);
}

/// <summary>A reply to one or more deliveries of a task.</summary>
/// <param name="reply">The reply.</param>
/// <param name="replyTo">The queue that it goes to.</param>
/// <param name="deliveries">What is settled with it. They are of the session in which it is sent.</param>
/// <param name="conclude">Told what became of it.</param>
internal sealed class Answer(ReplyMessage reply, string replyTo, in DeliveryList deliveries, Action<Answer, MessageFate> conclude)
    : OutgoingMessage
{
    /// <summary>A reply queue without a leader never confirms, and each reply to it holds a place among what this host may have.</summary>
    internal static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(10);
    internal static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(5);

    private readonly DeliveryList _deliveries = deliveries;

    public ReplyMessage Reply => reply;

    public DeliveryList Deliveries => _deliveries;

    public override string Exchange => "";

    public override string RoutingKey => replyTo;

    public override string Lane => replyTo;

    public override BasicProperties Properties { get; } = reply.ToProperties();

    public override ReadOnlyMemory<byte> Body => reply.Body;

    // Longer each time that the task comes again: a message that is given back is one delivery nearer to the dead letters.
    public override TimeSpan Patience
    {
        get
        {
            var before = 0;
            for (var i = 0; i < _deliveries.Count; i++) before = Math.Max(before, _deliveries[i].Before);
            var patience = FirstPatience * Math.Pow(2, Math.Min(before, 8));
            return patience < LongestPatience ? patience : LongestPatience;
        }
    }

    public override void Conclude(MessageFate fate) => conclude(this, fate);
}

/// <summary>A copy of a task for a queue of the troupe, with all attempts so far in a header: the broker counts those anew.</summary>
/// <param name="copy">The copy.</param>
/// <param name="exchange">The exchange of the queue.</param>
/// <param name="delivery">What is settled when the copy is stored.</param>
/// <param name="conclude">Told what became of it.</param>
internal sealed class ForwardedTask(TaskCopy copy, string exchange, in Delivery delivery, Action<ForwardedTask, MessageFate> conclude)
    : OutgoingMessage
{
    internal static readonly TimeSpan TimeForCopy = TimeSpan.FromSeconds(10);

    private readonly Delivery _delivery = delivery;

    public Delivery Delivery => _delivery;

    public override string Exchange => exchange;

    public override string RoutingKey => copy.RoutingKey;

    public override string Lane { get; } = "exchange:" + exchange;   // no queue's name begins like that, or no harm is done

    public override BasicProperties Properties => copy.Properties;

    public override ReadOnlyMemory<byte> Body => copy.Body;

    public override TimeSpan Patience => TimeForCopy;

    public override void Conclude(MessageFate fate) => conclude(this, fate);
}

/// <summary>A task as it came, to be sent on.</summary>
internal sealed class TaskCopy
{
    /// <param name="routingKey">The routing key of the task: by it a dead letter finds its submitter.</param>
    /// <param name="task">Its properties.</param>
    /// <param name="before">The attempts before the copy.</param>
    /// <param name="body">Its body, which is copied.</param>
    public TaskCopy(string routingKey, IReadOnlyBasicProperties task, int before, ReadOnlyMemory<byte> body)
    {
        (RoutingKey, Body) = (routingKey, body.ToArray());
        var headers = new KeptHeaders((task.Headers?.Count ?? 0) + 1);
        foreach (var (name, value) in task.Headers ?? new Dictionary<string, object?>())
        {
            if (name is MessageHeaders.DeliveryCount or MessageHeaders.TraceParent) continue;
            headers[name] = value;
        }

        headers[MessageHeaders.Before] = before;
        if (TraceHeaders.TextOf(task, MessageHeaders.TraceParent) is { } parent) headers[MessageHeaders.TraceParent] = parent;
        Properties = new BasicProperties(task) { DeliveryMode = DeliveryModes.Persistent, Headers = headers };
    }

    public string RoutingKey { get; }

    public BasicProperties Properties { get; }

    public ReadOnlyMemory<byte> Body { get; }
}
