using System.Globalization;

namespace TinyWorker.RabbitMQ.Telemetry;

/// <summary>The figures that stand beside a troupe on a broker where it is shown; see <see cref="TroupeFigures"/>.</summary>
internal static class BrokerFigures
{
    public static IReadOnlyList<TroupeFigure> Of(RabbitTroupeSnapshot side)
    {
        List<TroupeFigure> figures = [Connection(side.Connection), Broker(side.Endpoint)];
        AddQueue(figures, side.Ready);
        // Without a host nothing is wrong as long as nothing waits.
        if (side.Hosts is { } hosts) figures.Add(new("Hosts", Text(hosts), hosts == 0 && side.Ready > 0));
        AddIfAny(figures, "Suspects", side.Suspects ?? 0);
        AddIfAny(figures, "Sent again", side.SentAgain);
        AddIfAny(figures, "Rejected (full)", side.Rejected);
        AddIfAny(figures, "Returned", side.Returned);
        AddIfAny(figures, "Late replies", side.LateReplies);
        AddIfAny(figures, "Reconnects", side.Reconnects);
        AddDeadLetters(figures, side.DeadLetters);
        return figures;
    }

    public static IReadOnlyList<TroupeFigure> Of(RabbitHostSnapshot side)
    {
        List<TroupeFigure> figures = [Connection(side.Connection), Broker(side.Endpoint)];
        if (side.Connection is RabbitConnectionState.Ready or RabbitConnectionState.Blocked && !side.IsConsuming)
            figures.Add(new("Takes tasks", "no", NeedsAttention: true));
        AddQueue(figures, side.Ready);
        figures.Add(new("Prefetch", Text(side.Prefetch)));
        figures.Add(new("Unacknowledged", Text(side.Unacknowledged)));
        AddIfAny(figures, "Redelivered", side.Redelivered);
        AddIfAny(figures, "Suspected", side.Suspected);
        AddIfAny(figures, "Unroutable replies", side.Unroutable);
        AddIfAny(figures, "Refused", side.Refused, needsAttention: side.Refused > 0);
        AddIfAny(figures, "Reconnects", side.Reconnects);
        AddDeadLetters(figures, side.DeadLetters);
        return figures;
    }

    private static TroupeFigure Connection(RabbitConnectionState state) => state switch
    {
        RabbitConnectionState.Down => new("Connection", "down", NeedsAttention: true),
        RabbitConnectionState.Connecting => new("Connection", "connecting"),
        RabbitConnectionState.Ready => new("Connection", "ready"),
        RabbitConnectionState.Blocked => new("Connection", "blocked by the broker", NeedsAttention: true),
        RabbitConnectionState.Failed => new("Connection", "refused for good", NeedsAttention: true),
        _ => new("Connection", "closed"),
    };

    private static TroupeFigure Broker(string? endpoint) => new("Broker", endpoint ?? "none");

    private static void AddQueue(List<TroupeFigure> figures, long? ready)
    {
        if (ready is { } count) figures.Add(new("In the queue", Text(count)));
    }

    private static void AddDeadLetters(List<TroupeFigure> figures, long? deadLetters)
    {
        if (deadLetters is { } count) figures.Add(new("Dead letters", Text(count), count > 0));
    }

    private static void AddIfAny(List<TroupeFigure> figures, string name, long count, bool needsAttention = false)
    {
        if (count > 0) figures.Add(new(name, Text(count), needsAttention));
    }

    private static string Text(long count) => count.ToString("N0", CultureInfo.InvariantCulture);
}
