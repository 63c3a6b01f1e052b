using Microsoft.Extensions.Logging;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>What the connection says in the log. Event ids 201 to 219.</summary>
internal static partial class Log
{
    [LoggerMessage(201, LogLevel.Information, "The {Purpose} of '{Troupe}' is connected to the broker at {Endpoint}.")]
    public static partial void Connected(ILogger logger, string purpose, string troupe, string endpoint);

    [LoggerMessage(
        202, LogLevel.Warning, "The {Purpose} of '{Troupe}' lost its connection to the broker at {Endpoint}: {Reason} It connects again.")]
    public static partial void Lost(ILogger logger, string purpose, string troupe, string endpoint, string reason);

    [LoggerMessage(203, LogLevel.Error, "The {Purpose} of '{Troupe}' cannot use the broker, and tries no more: {Reason}")]
    public static partial void Refused(ILogger logger, string purpose, string troupe, string reason);

    [LoggerMessage(
        204, LogLevel.Warning,
        "The broker at {Endpoint} takes nothing from the {Purpose} of '{Troupe}' at the moment ({Reason}). What is to be sent waits.")]
    public static partial void Blocked(ILogger logger, string purpose, string troupe, string endpoint, string reason);

    [LoggerMessage(205, LogLevel.Information, "The broker at {Endpoint} takes messages from the {Purpose} of '{Troupe}' again.")]
    public static partial void Unblocked(ILogger logger, string purpose, string troupe, string endpoint);

    [LoggerMessage(
        206, LogLevel.Warning,
        "The {Kind} '{Name}' is there with other arguments than this program would declare, and stays as it is: {Differences}")]
    public static partial void DifferingArguments(ILogger logger, string kind, string name, string differences);

    [LoggerMessage(207, LogLevel.Warning, "The {Purpose} of '{Troupe}' has had no broker for {LostFor}: {Reason} It goes on trying.")]
    public static partial void Unavailable(ILogger logger, string purpose, string troupe, TimeSpan lostFor, string reason);

    [LoggerMessage(208, LogLevel.Debug, "The {Purpose} of '{Troupe}' could not connect to the broker: {Reason}")]
    public static partial void TryFailed(ILogger logger, string purpose, string troupe, string reason);

    [LoggerMessage(
        209, LogLevel.Warning,
        "The broker has {What} that was published on a channel for {Seconds:0.#} s. Another channel takes its place.")]
    public static partial void ChannelReplaced(ILogger logger, string what, double seconds);

    [LoggerMessage(211, LogLevel.Error, "A message for '{RoutingKey}' at exchange '{Exchange}' cannot be written, and counts as rejected.")]
    public static partial void Unwritable(ILogger logger, string exchange, string routingKey, Exception error);

    [LoggerMessage(
        210, LogLevel.Warning,
        "The broker confirmed later messages and not the one for '{RoutingKey}' at exchange '{Exchange}'. It counts as lost.")]
    public static partial void Overtaken(ILogger logger, string exchange, string routingKey);
}
