namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>What both sides of a troupe on a broker can be told where the application is configured; see
/// <see cref="RabbitTroupeSettings"/> and <see cref="RabbitHostSettings"/>. Not thread-safe.</summary>
public abstract class RabbitSettings
{
    private protected RabbitSettings()
    {
    }

    /// <summary>Where the broker is. In the configuration a URI: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps</c> for
    /// TLS.</summary>
    /// <value>Null, the default, for <c>localhost:5672</c> with the user guest.</value>
    public RabbitBroker? Broker { get; set; }

    /// <summary>The nodes of the broker as <c>host</c> or <c>host:port</c>; they take the place of those of <see cref="Broker"/>. In
    /// the configuration a list, or one text with commas.</summary>
    /// <value>Null, the default, for those of <see cref="Broker"/>.</value>
    public IReadOnlyList<string>? Endpoints { get; set; }

    /// <summary>The virtual host; it takes the place of that of <see cref="Broker"/>.</summary>
    /// <value>Null, the default, for that of <see cref="Broker"/>.</value>
    public string? VirtualHost { get; set; }

    /// <summary>The name of the user; it takes the place of that of <see cref="Broker"/>.</summary>
    /// <value>Null, the default, for that of <see cref="Broker"/>.</value>
    public string? UserName { get; set; }

    /// <summary>The password; it takes the place of that of <see cref="Broker"/>. So it can come from a secret of its own.</summary>
    /// <value>Null, the default, for that of <see cref="Broker"/>.</value>
    public string? Password { get; set; }

    /// <summary>Whether the host's start waits until the broker is connected and the queues are there, and fails if that cannot be.</summary>
    /// <value>By default true: without a broker the start fails after <see cref="BrokerLostAfter"/>. If false, the health check says what is
    /// wrong.</value>
    public bool WaitUntilReady { get; set; } = true;

    /// <inheritdoc cref="RabbitTroupeOptions.BrokerLostAfter"/>
    public TimeSpan BrokerLostAfter { get; set; } = new RabbitTroupeOptions().BrokerLostAfter;

    /// <inheritdoc cref="RabbitTroupeOptions.Heartbeat"/>
    public TimeSpan Heartbeat { get; set; } = new RabbitTroupeOptions().Heartbeat;

    /// <summary>How large an input (of a submitting side) or a reply (of a host) may be, in bytes as it is sent. A larger one faults its
    /// task.</summary>
    /// <value>From 1 to 128 MB; by default 1 MB (1,048,576).</value>
    public int MaxPayload { get; set; } = new RabbitTroupeOptions().MaxPayload;

    /// <inheritdoc cref="RabbitTroupeOptions.Serializer"/>
    /// <remarks>In code only.</remarks>
    public IPayloadSerializer? Serializer { get; set; }

    /// <inheritdoc cref="RabbitTroupeOptions.ContractVersion"/>
    public string? ContractVersion { get; set; }

    /// <inheritdoc cref="RabbitQueueOptions.Replicas"/>
    public int QueueReplicas { get; set; } = new RabbitQueueOptions().Replicas;

    /// <inheritdoc cref="RabbitQueueOptions.MaxLength"/>
    public long? QueueMaxLength { get; set; }

    /// <inheritdoc cref="RabbitQueueOptions.DeliveryLimit"/>
    public int QueueDeliveryLimit { get; set; } = new RabbitQueueOptions().DeliveryLimit;

    /// <summary>What the configuration says and cannot be; told all at once when the settings are validated.</summary>
    internal List<string> Problems { get; } = [];
}

/// <summary>
/// How the submitting side of a troupe on a broker is made: the options of <see cref="RabbitTroupeOptions"/>, as they can be said in code and
/// in the section <c>RabbitTroupes:{name}</c> of the configuration. What the configuration says wins over what the code says.
/// </summary>
/// <remarks>These are named options, read once, when the troupe is made. Not thread-safe: to be changed only where the application is
/// configured. The logger factory and the clock are those of the container. A value that cannot be fails the start of the host.</remarks>
public sealed class RabbitTroupeSettings : RabbitSettings
{
    /// <inheritdoc cref="RabbitTroupeOptions.MaxInFlight"/>
    public int MaxInFlight { get; set; } = new RabbitTroupeOptions().MaxInFlight;

    /// <inheritdoc cref="RabbitTroupeOptions.Capacity"/>
    public int Capacity { get; set; } = new RabbitTroupeOptions().Capacity;

    /// <summary>How long a cancelled task may take to answer. Then its future ends as cancelled without the answer.</summary>
    /// <value>By default 1 second. In a host it must be zero, or less than half of <c>HostOptions.ShutdownTimeout</c>.</value>
    public TimeSpan CancellationGrace { get; set; } = new RabbitTroupeOptions().CancellationGrace;

    /// <inheritdoc cref="RabbitTroupeOptions.ReplyQueueExpires"/>
    public TimeSpan ReplyQueueExpires { get; set; } = new RabbitTroupeOptions().ReplyQueueExpires;
}

/// <summary>
/// How the working side of a troupe on a broker is made: the options of <see cref="RabbitHostOptions"/>, as they can be said in code and in
/// the section <c>RabbitTroupeHosts:{name}</c> of the configuration. What the configuration says wins over what the code says.
/// </summary>
/// <inheritdoc cref="RabbitTroupeSettings" path="/remarks"/>
public sealed class RabbitHostSettings : RabbitSettings
{
    /// <inheritdoc cref="RabbitHostOptions.Prefetch"/>
    public int? Prefetch { get; set; }

    /// <inheritdoc cref="RabbitHostOptions.RememberedTasks"/>
    public int RememberedTasks { get; set; } = new RabbitHostOptions().RememberedTasks;

    /// <inheritdoc cref="RabbitHostOptions.RememberedBytes"/>
    public long RememberedBytes { get; set; } = new RabbitHostOptions().RememberedBytes;

    /// <summary>How long a stop waits for the tasks that run. What has not ended then is cancelled, and goes back to the broker.</summary>
    /// <value>At most what <c>HostOptions.ShutdownTimeout</c> leaves beside its reserve. Null, the default, for just that, and 25 seconds at
    /// the most.</value>
    public TimeSpan? DrainTimeout { get; set; }

    /// <inheritdoc cref="RabbitHostOptions.SuspectAfter"/>
    public int SuspectAfter { get; set; } = new RabbitHostOptions().SuspectAfter;

    /// <inheritdoc cref="RabbitHostOptions.HostName"/>
    public string? HostName { get; set; }
}
