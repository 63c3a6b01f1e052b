using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using TinyWorker.Hosting;

namespace TinyWorker.RabbitMQ.Hosting;

/// <summary>From the settings to the options of TinyWorker.RabbitMQ.</summary>
internal static class OptionsOfRabbitSettings
{
    public static RabbitTroupeOptions Make(RabbitTroupeSettings settings, IServiceProvider services) => new()
    {
        Broker = BrokerOf(settings),
        BrokerLostAfter = settings.BrokerLostAfter,
        Heartbeat = settings.Heartbeat,
        MaxPayload = settings.MaxPayload,
        Serializer = settings.Serializer,
        ContractVersion = settings.ContractVersion,
        Queue = QueueOf(settings),
        MaxInFlight = settings.MaxInFlight,
        Capacity = settings.Capacity,
        CancellationGrace = settings.CancellationGrace,
        ReplyQueueExpires = settings.ReplyQueueExpires,
        LoggerFactory = services.GetService<ILoggerFactory>(),
        TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System,
    };

    /// <param name="settings">Settings that were validated.</param>
    /// <param name="patience">How long the application's host lets tasks go on when it stops.</param>
    /// <param name="services">The container.</param>
    public static RabbitHostOptions Make(RabbitHostSettings settings, TimeSpan patience, IServiceProvider services)
    {
        var options = new RabbitHostOptions();
        var isShorter = patience != Timeout.InfiniteTimeSpan && patience < options.DrainTimeout;
        return options with
        {
            Broker = BrokerOf(settings),
            BrokerLostAfter = settings.BrokerLostAfter,
            Heartbeat = settings.Heartbeat,
            MaxPayload = settings.MaxPayload,
            Serializer = settings.Serializer,
            ContractVersion = settings.ContractVersion,
            Queue = QueueOf(settings),
            Prefetch = settings.Prefetch,
            RememberedTasks = settings.RememberedTasks,
            RememberedBytes = settings.RememberedBytes,
            DrainTimeout = settings.DrainTimeout ?? (isShorter ? patience : options.DrainTimeout),
            SuspectAfter = settings.SuspectAfter,
            HostName = settings.HostName,
            LoggerFactory = services.GetService<ILoggerFactory>(),
            TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System,
        };
    }

    /// <summary>The broker, with what is said beside its URI.</summary>
    public static RabbitBroker BrokerOf(RabbitSettings settings)
    {
        var broker = settings.Broker ?? new RabbitBroker();
        if (settings.Endpoints is { } texts)
        {
            broker = broker with
            {
                Endpoints = BrokerSection<RabbitTroupeSettings>.EndpointsOf(texts, out var wrong)
                    ?? throw new InvalidOperationException($"The endpoints were not checked: {wrong}."),   // the validation has done that
            };
        }

        if (settings.VirtualHost is { } virtualHost) broker = broker with { VirtualHost = virtualHost };
        if (settings.UserName is null && settings.Password is null) return broker;
        var (userName, password, given) = (settings.UserName, settings.Password, broker.Credentials);
        return broker with
        {
            Credentials = async cancellationToken =>
            {
                if (userName is not null && password is not null) return new RabbitCredentials(userName, password);
                var others = await given(cancellationToken).ConfigureAwait(false);
                return new RabbitCredentials(userName ?? others.UserName, password ?? others.Password);
            },
        };
    }

    /// <summary>What TinyWorker.RabbitMQ says of options that cannot be, with the path of the setting.</summary>
    public static OptionsValidationException Refused<TSettings>(
        TroupeRegistration registration, SettingsSection<TSettings> section, Type options, ArgumentException refusal)
    {
        // It begins with the type and the member: "RabbitTroupeOptions.Capacity must be ...", "RabbitQueueOptions.Replicas must be ...".
        var member = refusal.Message.Split(' ')[0]
            .Replace($"{nameof(RabbitQueueOptions)}.", nameof(RabbitTroupeOptions.Queue), StringComparison.Ordinal)
            .Replace($"{options.Name}.", "", StringComparison.Ordinal);
        var setting = section.All.Select(each => each.Name).FirstOrDefault(each => member == each);
        return new OptionsValidationException(
            registration.Name, typeof(TSettings), [$"{registration.Path(setting)} cannot be: {refusal.Message}"]);
    }

    private static RabbitQueueOptions QueueOf(RabbitSettings settings) => new()
    {
        Replicas = settings.QueueReplicas, MaxLength = settings.QueueMaxLength, DeliveryLimit = settings.QueueDeliveryLimit,
    };
}
