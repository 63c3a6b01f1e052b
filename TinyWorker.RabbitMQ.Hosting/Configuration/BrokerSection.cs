using TinyWorker.Hosting;
using static TinyWorker.Hosting.Setting;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>What the sections of both sides have.</summary>
internal abstract class BrokerSection<TSettings> : SettingsSection<TSettings>
    where TSettings : RabbitSettings
{
    private const string InCode = "is a function: set it in code, where the troupe is added";

    protected static IReadOnlyList<Setting<TSettings>> Shared { get; } =
    [
        new(nameof(RabbitSettings.Broker), ReadBroker) { IsSecret = true },
        new(nameof(RabbitSettings.Endpoints), (settings, text) => ReadEndpoints(settings, (text ?? "").Split(',')))
        {
            BindList = ReadEndpoints,
        },
        Text<TSettings>(nameof(RabbitSettings.VirtualHost), (settings, value) => settings.VirtualHost = value),
        Text<TSettings>(nameof(RabbitSettings.UserName), (settings, value) => settings.UserName = value),
        Text<TSettings>(nameof(RabbitSettings.Password), (settings, value) => settings.Password = value) with { IsSecret = true },
        Of<TSettings, bool>(nameof(RabbitSettings.WaitUntilReady), ReadBool, (settings, value) => settings.WaitUntilReady = value),
        Of<TSettings, TimeSpan>(nameof(RabbitSettings.BrokerLostAfter), ReadTime, (settings, value) => settings.BrokerLostAfter = value),
        Of<TSettings, TimeSpan>(nameof(RabbitSettings.Heartbeat), ReadTime, (settings, value) => settings.Heartbeat = value),
        Of<TSettings, int>(nameof(RabbitSettings.MaxPayload), ReadInt, (settings, value) => settings.MaxPayload = value),
        Text<TSettings>(nameof(RabbitSettings.ContractVersion), (settings, value) => settings.ContractVersion = value),
        Of<TSettings, int>(nameof(RabbitSettings.QueueReplicas), ReadInt, (settings, value) => settings.QueueReplicas = value),
        OrNull<TSettings, long>(nameof(RabbitSettings.QueueMaxLength), ReadCount, (settings, value) => settings.QueueMaxLength = value),
        Of<TSettings, int>(nameof(RabbitSettings.QueueDeliveryLimit), ReadInt, (settings, value) => settings.QueueDeliveryLimit = value),
    ];

    public override string Example => nameof(RabbitSettings.Broker);

    public override IReadOnlyDictionary<string, string> NotInConfiguration { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            [nameof(RabbitSettings.Serializer)] = InCode,
            ["Name"] = "is the name that the troupe was added with, and the name of this section",
            [nameof(RabbitTroupeOptions.Queue)] =
                $"is said as {nameof(RabbitSettings.QueueReplicas)}, {nameof(RabbitSettings.QueueMaxLength)} and " +
                nameof(RabbitSettings.QueueDeliveryLimit),
            [nameof(RabbitTroupeOptions.LoggerFactory)] = "is the ILoggerFactory of the container",
            [nameof(RabbitTroupeOptions.TimeProvider)] = "is the TimeProvider of the container",
        };

    public override List<string> ProblemsOf(TSettings settings) => settings.Problems;

    // What the code says is not checked until the broker is made.
    public override IEnumerable<string> Check(TroupeRegistration registration, TSettings settings)
    {
        if (settings.Endpoints is { } endpoints && EndpointsOf(endpoints, out var wrong) is null)
            return [$"{registration.Path(nameof(settings.Endpoints))} cannot be: {wrong}."];
        return [];
    }

    /// <summary>The endpoints of texts; null, and what is wrong, if one is none.</summary>
    internal static IReadOnlyList<RabbitEndpoint>? EndpointsOf(IReadOnlyList<string?> texts, out string? wrong)
    {
        List<RabbitEndpoint> endpoints = [];
        foreach (var text in texts)
        {
            // As a URI without a scheme: so an IPv6 address is in brackets.
            if (text is null || text.Contains('@') || text.Contains('/')
                || !Uri.TryCreate("amqp://" + text.Trim(), UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            {
                wrong = "each must be host or host:port, such as rabbit-1:5672";
                return null;
            }

            endpoints.Add(new RabbitEndpoint(uri.Host, uri.Port > 0 ? uri.Port : RabbitBroker.DefaultPort));
        }

        wrong = endpoints.Count == 0 ? "there must be one at least" : null;
        return endpoints.Count == 0 ? null : endpoints;
    }

    private static string? ReadBroker(TSettings settings, string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return "must not be empty; leave the key out for the default";
        try
        {
            settings.Broker = text.Trim();
            return null;
        }
        catch (ArgumentException)
        {
            // It is not repeated: it may hold a password.
            return "must be amqp://user:password@host:port/vhost, or amqps for TLS";
        }
    }

    private static string? ReadEndpoints(TSettings settings, IReadOnlyList<string?> texts)
    {
        if (EndpointsOf(texts, out var wrong) is null) return wrong;
        settings.Endpoints = [.. texts.Select(static text => text!.Trim())];
        return null;
    }
}

/// <summary>The section of a submitting side.</summary>
internal sealed class RabbitTroupeSection : BrokerSection<RabbitTroupeSettings>
{
    public const string RootName = "RabbitTroupes";

    public static RabbitTroupeSection Instance { get; } = new();

    public override string Root => RootName;

    public override string Kind => "a troupe on a broker";

    public override IReadOnlyList<Setting<RabbitTroupeSettings>> All { get; } =
    [
        .. Shared,
        Of<RabbitTroupeSettings, int>(nameof(RabbitTroupeSettings.MaxInFlight), ReadInt, (settings, value) => settings.MaxInFlight = value),
        Of<RabbitTroupeSettings, int>(nameof(RabbitTroupeSettings.Capacity), ReadInt, (settings, value) => settings.Capacity = value),
        Of<RabbitTroupeSettings, TimeSpan>(
            nameof(RabbitTroupeSettings.CancellationGrace), ReadTime, (settings, value) => settings.CancellationGrace = value),
        Of<RabbitTroupeSettings, TimeSpan>(
            nameof(RabbitTroupeSettings.ReplyQueueExpires), ReadTime, (settings, value) => settings.ReplyQueueExpires = value),
    ];
}

/// <summary>The section of a host.</summary>
internal sealed class RabbitHostSection : BrokerSection<RabbitHostSettings>
{
    public const string RootName = "RabbitTroupeHosts";

    public static RabbitHostSection Instance { get; } = new();

    public override string Root => RootName;

    public override string Kind => "a host of a troupe on a broker";

    public override IReadOnlyList<Setting<RabbitHostSettings>> All { get; } =
    [
        .. Shared,
        OrNull<RabbitHostSettings, int>(nameof(RabbitHostSettings.Prefetch), ReadInt, (settings, value) => settings.Prefetch = value),
        Of<RabbitHostSettings, int>(
            nameof(RabbitHostSettings.RememberedTasks), ReadInt, (settings, value) => settings.RememberedTasks = value),
        Of<RabbitHostSettings, long>(
            nameof(RabbitHostSettings.RememberedBytes), ReadLong, (settings, value) => settings.RememberedBytes = value),
        OrNull<RabbitHostSettings, TimeSpan>(
            nameof(RabbitHostSettings.DrainTimeout), ReadTime, (settings, value) => settings.DrainTimeout = value),
        Of<RabbitHostSettings, int>(nameof(RabbitHostSettings.SuspectAfter), ReadInt, (settings, value) => settings.SuspectAfter = value),
        Text<RabbitHostSettings>(nameof(RabbitHostSettings.HostName), (settings, value) => settings.HostName = value),
    ];
}
