using Microsoft.Extensions.Logging;
using TinyWorker.RabbitMQ.Submitting;

namespace TinyWorker.RabbitMQ;

/// <summary>How the submitting side of a troupe on a broker is made. Immutable; a copy with differences is
/// <c>options with { MaxInFlight = 64 }</c>.</summary>
public sealed record RabbitTroupeOptions
{
    internal const int DefaultMaxInFlight = 1024;
    internal const int DefaultCapacity = 1024;
    internal const int DefaultMaxPayload = 1024 * 1024;
    internal static readonly TimeSpan DefaultBrokerLostAfter = TimeSpan.FromMinutes(1);
    internal static readonly TimeSpan DefaultCancellationGrace = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(5);
    internal static readonly TimeSpan DefaultReplyQueueExpires = TimeSpan.FromMinutes(5);

    /// <summary>Where the broker is.</summary>
    /// <value>By default <c>localhost:5672</c>, with the user guest.</value>
    public RabbitBroker Broker { get; init; } = new();

    /// <summary>How many tasks may be at the broker and its hosts at a time, of this troupe object.</summary>
    /// <value>From 1 to 65,536; by default 1024. Each takes about 1 kB.</value>
    public int MaxInFlight { get; init; } = DefaultMaxInFlight;

    /// <summary>How many tasks may wait in this process, accepted and not yet sent.</summary>
    /// <value>At least 1; by default 1024.</value>
    public int Capacity { get; init; } = DefaultCapacity;

    /// <summary>How long tasks wait while no broker can be reached. Then those that wait fault with
    /// <see cref="BrokerUnavailableException"/>, and so do later ones, until the broker is back.</summary>
    /// <value>Above zero, at most 49 days, or <see cref="Timeout.InfiniteTimeSpan"/>; by default 1 minute.</value>
    public TimeSpan BrokerLostAfter { get; init; } = DefaultBrokerLostAfter;

    /// <summary>How long a cancelled task may take to answer. Then its future ends as cancelled without the answer.</summary>
    /// <value>Zero or more, at most 49 days; by default 1 s.</value>
    public TimeSpan CancellationGrace { get; init; } = DefaultCancellationGrace;

    /// <summary>How large an input may be, in bytes as it is sent. A larger one faults its task.</summary>
    /// <value>From 1 to 128 MB; by default 1 MB (1,048,576). Put larger inputs into a store, and send where they are.</value>
    public int MaxPayload { get; init; } = DefaultMaxPayload;

    /// <summary>How often both ends of the connection show that they are there. A broker that hangs is noticed after three to four of
    /// them.</summary>
    /// <value>From 1 s to 1 hour; by default 5 s.</value>
    public TimeSpan Heartbeat { get; init; } = DefaultHeartbeat;

    /// <summary>How long the replies of this object are kept for it while it is not connected. When it is gone for longer, they are
    /// dropped.</summary>
    /// <value>From 1 s to 49 days; by default 5 minutes.</value>
    public TimeSpan ReplyQueueExpires { get; init; } = DefaultReplyQueueExpires;

    /// <summary>Turns inputs into bytes and results back. Hosts must have the same. Byte arrays are sent as they are.</summary>
    /// <value>Null, the default, for <see cref="JsonPayloadSerializer"/> with its defaults.</value>
    public IPayloadSerializer? Serializer { get; init; }

    /// <summary>The version of the contract between submitters and hosts, compared as text with that of the host. A host refuses tasks of
    /// another version. For a change that must run beside the old one, take a new name for the troupe.</summary>
    /// <value>Null, the default, for none.</value>
    public string? ContractVersion { get; init; }

    /// <summary>How the queues are declared where they are missing.</summary>
    public RabbitQueueOptions Queue { get; init; } = new();

    /// <summary>Makes the logger of the troupe.</summary>
    /// <value>Null, the default, for none.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock.</summary>
    /// <value>By default that of the system.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first option that is out of range.</summary>
    /// <param name="options">The name of the parameter that holds the options.</param>
    internal void Validate(string options)
    {
        const string Type = nameof(RabbitTroupeOptions);
        OptionChecks.CheckBroker(options, Type, Broker);
        OptionChecks.Check(
            options, Type, MaxInFlight is >= 1 and <= Outbox.MostRequests, nameof(MaxInFlight), MaxInFlight, "must be from 1 to 65,536");
        OptionChecks.Check(
            options, Type, Capacity is >= 1 and < 1 << 30, nameof(Capacity), Capacity, "must be from 1 to 1,073,741,823");
        OptionChecks.CheckLimit(options, Type, nameof(BrokerLostAfter), BrokerLostAfter);
        OptionChecks.CheckPatience(options, Type, nameof(CancellationGrace), CancellationGrace);
        OptionChecks.CheckMaxPayload(options, Type, MaxPayload);
        OptionChecks.CheckHeartbeat(options, Type, Heartbeat);
        OptionChecks.Check(
            options, Type, ReplyQueueExpires >= TimeSpan.FromSeconds(1) && ReplyQueueExpires <= TimeSpan.FromDays(49),
            nameof(ReplyQueueExpires), ReplyQueueExpires, "must be from 1 second to 49 days");
        OptionChecks.CheckContractVersion(options, Type, ContractVersion);
        OptionChecks.CheckQueue(options, Type, Queue);
        OptionChecks.Check(options, Type, TimeProvider is not null, nameof(TimeProvider), TimeProvider, "must not be null");
    }
}
