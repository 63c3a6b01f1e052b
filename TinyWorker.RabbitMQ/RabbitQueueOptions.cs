namespace TinyWorker.RabbitMQ;

/// <summary>How the queues of a troupe are declared, where they are missing. Queues that are there already stay as they are. Immutable.</summary>
public sealed record RabbitQueueOptions
{
    internal const int DefaultReplicas = 3;
    internal const int DefaultDeliveryLimit = 20;

    /// <summary>On how many nodes each task is stored. A cluster with fewer nodes stores it on all of them.</summary>
    /// <value>From 1 to 99; by default 3: one node may fail.</value>
    public int Replicas { get; init; } = DefaultReplicas;

    /// <summary>How many tasks the queue may hold. Beyond that the broker rejects, and the submitters wait.</summary>
    /// <value>At least 1; null, the default, for no limit.</value>
    public long? MaxLength { get; init; }

    /// <summary>How often the broker delivers a task before it dead-letters it. It is a net: a task whose hosts died goes to the queue of
    /// suspects long before, see <see cref="RabbitHostOptions.SuspectAfter"/>.</summary>
    /// <value>At least 1; by default 20.</value>
    public int DeliveryLimit { get; init; } = DefaultDeliveryLimit;
}
