using System.Collections;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Messages;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>What the broker writes into a message that it gives up: why, since when, and where it was.</summary>
/// <param name="Reason">The broker's word, for example <c>delivery_limit</c>.</param>
/// <param name="Since">By the broker's clock; null if it does not say.</param>
/// <param name="Queue">The queue that gave it up.</param>
/// <param name="Before">The attempts before that queue.</param>
internal readonly record struct DeathHeaders(string Reason, DateTimeOffset? Since, string? Queue, int Before)
{
    /// <summary>Null if the message is no dead letter.</summary>
    public static DeathHeaders? Read(IReadOnlyBasicProperties properties)
    {
        if (properties.Headers is not { } headers || !headers.TryGetValue(MessageHeaders.Death, out var history)) return null;
        // The newest comes first.
        if ((history as IList)?.Cast<object?>().FirstOrDefault() is not IDictionary<string, object?> newest) return null;
        DateTimeOffset? since = newest.TryGetValue("time", out var time) && time is AmqpTimestamp stamp
            ? DateTimeOffset.FromUnixTimeSeconds(stamp.UnixTime)
            : null;
        return new(TextOf(newest, "reason") ?? "unknown", since, TextOf(newest, "queue"), NumberOf(headers, MessageHeaders.Before));
    }

    /// <summary>How often it was delivered to a host. A queue with limit N delivers N + 1 times; how often one did that gave a message up
    /// for another reason, the broker does not say.</summary>
    public int Attempts(TroupeTopology topology)
    {
        if (Reason != "delivery_limit") return Before;
        return Before + 1 + (Queue == topology.Suspects ? TroupeTopology.SuspectsDeliveryLimit : topology.Queue.DeliveryLimit);
    }

    /// <summary>A text among headers; null if there is none.</summary>
    public static string? TextOf(IDictionary<string, object?>? headers, string name)
    {
        if (headers is null || !headers.TryGetValue(name, out var value)) return null;
        return value switch
        {
            byte[] bytes => Encoding.UTF8.GetString(bytes),
            string text => text,
            _ => null,
        };
    }

    private static int NumberOf(IDictionary<string, object?> headers, string name) =>
        headers.TryGetValue(name, out var value) && value is IConvertible number and not string
            ? (int)Math.Clamp(number.ToInt64(CultureInfo.InvariantCulture), 0, int.MaxValue)
            : 0;
}
