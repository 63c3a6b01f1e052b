using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>How a publication ended.</summary>
internal enum PublishOutcome
{
    /// <summary>The broker has it, in every queue that it went to.</summary>
    Stored,

    /// <summary>The broker refused it: a queue is full, or has no leader at the moment.</summary>
    Rejected,

    /// <summary>No queue takes it.</summary>
    Returned,

    /// <summary>The session ended before the answer: the broker may have it or not.</summary>
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
internal sealed class ConfirmingPublisher
{
    private ConfirmingPublisher() => throw new NotImplementedException();

    /// <summary>Publications that have not ended.</summary>
    public int Outstanding => throw new NotImplementedException();

    /// <summary>Publishes, mandatory and persistent. Returns at once. It ends as <see cref="PublishOutcome.Lost"/> if the session has
    /// ended.</summary>
    public void Publish(Publication publication) => throw new NotImplementedException();
}
