using System.Collections;
using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Messages;

/// <summary>What the headers of a dead letter tell.</summary>
/// <param name="Reason">Why the broker gave it up, in its words: <c>delivery_limit</c>, <c>maxlen</c>, <c>expired</c>, <c>rejected</c>.</param>
/// <param name="Attempts">How often it was delivered to a host.</param>
/// <param name="At">When, by the broker's clock; null if it does not say.</param>
internal readonly record struct Death(string Reason, int Attempts, DateTimeOffset? At)
{
    private const long LatestTime = 253_402_300_800;   // the year 10,000, in seconds

    /// <summary>Reads the newest death.</summary>
    /// <param name="message">The dead letter.</param>
    /// <param name="deliveryLimit">That of the queue of tasks: the broker does not write how often it delivered what it gives up (its own
    /// count of deliveries is that of the queue which the letter lies in now).</param>
    public static Death Of(IReadOnlyBasicProperties message, int deliveryLimit = RabbitQueueOptions.DefaultDeliveryLimit)
    {
        var attempts = Math.Clamp(NumberOf(message, MessageHeaders.Before).GetValueOrDefault(), 0, int.MaxValue);
        var reason = "unknown";
        DateTimeOffset? at = null;
        if (message.Headers is { } headers && headers.TryGetValue(MessageHeaders.Death, out var value)
            && value is IList { Count: > 0 } deaths && deaths[0] is IDictionary<string, object?> newest)
        {
            reason = TextOf(newest, "reason") ?? reason;
            // The first delivery and, up to the limit, those again.
            var isSuspect = TextOf(newest, "queue")?.EndsWith(TroupeTopology.SuspectsSuffix, StringComparison.Ordinal) is true;
            if (reason == "delivery_limit") attempts += 1 + (isSuspect ? TroupeTopology.SuspectsDeliveryLimit : deliveryLimit);
            if (newest.TryGetValue("time", out var time) && time is AmqpTimestamp stamp && stamp.UnixTime is >= 0 and < LatestTime)
                at = DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime);
        }

        return new Death(reason, (int)Math.Clamp(attempts, 1, int.MaxValue), at);
    }

    /// <summary>A header as text; null if it is missing or something else.</summary>
    public static string? TextOf(IDictionary<string, object?>? headers, string header) =>
        headers is null || !headers.TryGetValue(header, out var value) ? null
        : value is byte[] bytes ? Encoding.UTF8.GetString(bytes)
        : value as string;

    /// <summary>A header as a whole number, whatever its width; null if it is missing or something else.</summary>
    public static long? NumberOf(IReadOnlyBasicProperties message, string header) =>
        message.Headers is { } headers && headers.TryGetValue(header, out var value)
            ? value switch
            {
                long number => number,
                int number => number,
                short number => number,
                byte number => number,
                sbyte number => number,
                ushort number => number,
                uint number => number,
                _ => null,
            }
            : null;
}
