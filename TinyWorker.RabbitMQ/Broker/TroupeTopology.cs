namespace TinyWorker.RabbitMQ.Broker;

/// <summary>The exchanges and queues of one troupe.</summary>
/// <param name="troupe">The name of the troupe.</param>
/// <param name="queue">How they are declared where they are missing.</param>
internal sealed class TroupeTopology(string troupe, RabbitQueueOptions queue)
{
    /// <summary>The exchange of tasks, and the queue that they wait in.</summary>
    public string Tasks { get; } = "tw." + troupe;

    /// <summary>The exchange and the queue of suspects.</summary>
    public string Suspects { get; } = "tw." + troupe + ".suspects";

    /// <summary>The exchange and the queue of dead letters.</summary>
    public string Dead { get; } = "tw." + troupe + ".dead";

    /// <summary>The exchange of cancellations.</summary>
    public string Control { get; } = "tw." + troupe + ".control";

    public RabbitQueueOptions Queue { get; } = queue;

    /// <summary>The reply queue of a client.</summary>
    public string Replies(string client) => $"tw.{troupe}.replies.{client}";

    /// <summary>Looks for exchanges and queues of tasks, suspects, dead letters and control, and declares and binds what is missing.</summary>
    /// <returns>Whether the queue of tasks was missing.</returns>
    /// <exception cref="RabbitTopologyException">A queue is of another kind.</exception>
    public Task<bool> EnsureAsync(BrokerSession session, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Looks for a reply queue, and declares and binds it (for dead letters) if it is missing.</summary>
    /// <returns>Whether it was missing.</returns>
    public Task<bool> EnsureRepliesAsync(BrokerSession session, string replyQueue, TimeSpan expires, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>Declares the queue of a host for cancellations: exclusive, gone with the connection.</summary>
    /// <returns>Its name.</returns>
    public Task<string> EnsureControlQueueAsync(BrokerSession session, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>How many messages wait in each queue, and how many consume the tasks. Null where it is not known.</summary>
    public Task<QueueCounts> CountAsync(BrokerSession session, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>What waits in the queues of a troupe. Counts of quorum queues are up to 5 s old.</summary>
internal readonly record struct QueueCounts(long? Ready, int? Hosts, long? Suspects, long? DeadLetters);
