using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ;

/// <summary>How the working side of a troupe on a broker is made. Immutable.</summary>
public sealed record RabbitHostOptions
{
    internal const int DefaultRememberedTasks = 10_000;
    internal const long DefaultRememberedBytes = 64 * 1024 * 1024;
    internal const int DefaultSuspectAfter = 2;
    internal static readonly TimeSpan DefaultDrainTimeout = TimeSpan.FromSeconds(25);

    /// <summary>Where the broker is.</summary>
    /// <value>By default <c>localhost:5672</c>, with the user guest.</value>
    public RabbitBroker Broker { get; init; } = new();

    /// <summary>How many tasks the broker gives to this host at a time, those that run included.</summary>
    /// <value>From 1 to 65,535. Null, the default, to have it chosen by the time that tasks take: the number of workers + 1 for long ones,
    /// up to 256 for short ones.</value>
    public int? Prefetch { get; init; }

    /// <summary>How many ended tasks the host remembers with their replies, so that one that is delivered again is not run again.</summary>
    /// <value>Zero or more; by default 10,000.</value>
    public int RememberedTasks { get; init; } = DefaultRememberedTasks;

    /// <summary>How many bytes these replies may take together.</summary>
    /// <value>Zero or more; by default 64 MB (67,108,864).</value>
    public long RememberedBytes { get; init; } = DefaultRememberedBytes;

    /// <summary>How long a stop waits for the tasks that run. What has not ended then is cancelled, and goes back to the broker.</summary>
    /// <value>Zero or more, at most 49 days; by default 25 s.</value>
    public TimeSpan DrainTimeout { get; init; } = DefaultDrainTimeout;

    /// <summary>After how many deliveries that did not end a task goes to the queue of suspects, where each host takes one at a time. So a
    /// task that kills its host takes no innocent ones with it.</summary>
    /// <value>At least 1; by default 2.</value>
    public int SuspectAfter { get; init; } = DefaultSuspectAfter;

    /// <inheritdoc cref="RabbitTroupeOptions.BrokerLostAfter"/>
    /// <summary>How long <see cref="RabbitTroupeHost{TIn, TOut}.WhenReadyAsync"/> waits for a broker. The host itself goes on
    /// trying.</summary>
    public TimeSpan BrokerLostAfter { get; init; } = RabbitTroupeOptions.DefaultBrokerLostAfter;

    /// <summary>How large a reply may be, in bytes as it is sent. A larger one faults its task.</summary>
    /// <value>From 1 to 128 MB; by default 1 MB (1,048,576).</value>
    public int MaxPayload { get; init; } = RabbitTroupeOptions.DefaultMaxPayload;

    /// <inheritdoc cref="RabbitTroupeOptions.Heartbeat"/>
    public TimeSpan Heartbeat { get; init; } = RabbitTroupeOptions.DefaultHeartbeat;

    /// <summary>Turns inputs and results into bytes and back. Submitters must have the same. Byte arrays are sent as they are.</summary>
    /// <value>Null, the default, for <see cref="JsonPayloadSerializer"/> with its defaults.</value>
    public IPayloadSerializer? Serializer { get; init; }

    /// <inheritdoc cref="RabbitTroupeOptions.ContractVersion"/>
    public string? ContractVersion { get; init; }

    /// <summary>How the queues are declared where they are missing.</summary>
    public RabbitQueueOptions Queue { get; init; } = new();

    /// <summary>What the replies and the logs call this host.</summary>
    /// <value>Null, the default, for the name of the machine and the number of the process.</value>
    public string? HostName { get; init; }

    /// <summary>Makes the logger of the host.</summary>
    /// <value>Null, the default, for none.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock.</summary>
    /// <value>By default that of the system.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first option that is out of range.</summary>
    /// <param name="options">The name of the parameter that holds the options.</param>
    internal void Validate(string options)
    {
        const string Type = nameof(RabbitHostOptions);
        OptionChecks.CheckBroker(options, Type, Broker);
        OptionChecks.Check(
            options, Type, Prefetch is null or (>= 1 and <= ushort.MaxValue), nameof(Prefetch), Prefetch,
            "must be from 1 to 65,535; leave it null to have it chosen");
        OptionChecks.Check(options, Type, RememberedTasks >= 0, nameof(RememberedTasks), RememberedTasks, "must be zero or more");
        OptionChecks.Check(options, Type, RememberedBytes >= 0, nameof(RememberedBytes), RememberedBytes, "must be zero or more");
        OptionChecks.CheckPatience(options, Type, nameof(DrainTimeout), DrainTimeout);
        OptionChecks.Check(options, Type, SuspectAfter >= 1, nameof(SuspectAfter), SuspectAfter, "must be 1 or more");
        OptionChecks.CheckLimit(options, Type, nameof(BrokerLostAfter), BrokerLostAfter);
        OptionChecks.CheckMaxPayload(options, Type, MaxPayload);
        OptionChecks.CheckHeartbeat(options, Type, Heartbeat);
        OptionChecks.CheckContractVersion(options, Type, ContractVersion);
        OptionChecks.CheckQueue(options, Type, Queue);
        OptionChecks.Check(
            options, Type, HostName is null || !string.IsNullOrWhiteSpace(HostName), nameof(HostName), HostName,
            "must not be empty; leave it null for the machine and the process");
        OptionChecks.Check(options, Type, TimeProvider is not null, nameof(TimeProvider), TimeProvider, "must not be null");
    }
}
