using System.Diagnostics.Metrics;
using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.RabbitMQ.Telemetry;

/// <summary>A submitting side as the meter sees it.</summary>
internal interface IMeteredSubmitter
{
    string Name { get; }

    RabbitTroupeSnapshot Snapshot();
}

/// <summary>A working side as the meter sees it.</summary>
internal interface IMeteredHost
{
    RabbitHostSnapshot Snapshot();
}

/// <summary>
/// The meter of troupes on a broker. Nothing is counted for it: it reads the snapshots of the living sides when a listener asks, so a task
/// costs nothing. What a side had counted when it ended is kept for its name, so that no count ever falls. Thread-safe.
/// </summary>
internal static class RabbitMeter
{
    public const string MeterName = "TinyWorker.RabbitMQ";
    public const string Side = "tinyworker.rabbitmq.side";
    public const string State = "tinyworker.rabbitmq.connection.state";

    private static readonly Meter Meter = new(MeterName, LibraryVersion.Text);

    // The sides are held weakly. Whoever counts, adds or ends a side has the lock, so that none is counted twice or not at all.
    private static readonly Lock Lock = new();
    private static readonly WeakSet<IMeteredSubmitter> Submitters = new();
    private static readonly WeakSet<IMeteredHost> Hosts = new();
    private static readonly Dictionary<string, RabbitTroupeSnapshot> EndedSubmitters = [];
    private static readonly Dictionary<string, RabbitHostSnapshot> EndedHosts = [];

    static RabbitMeter()
    {
        OfSubmitters("sent", "{message}", "Messages with tasks that were sent, those sent again included.", static each => each.Sent);
        OfSubmitters("stored", "{message}", "Messages with tasks that the broker has stored.", static each => each.Stored);
        OfSubmitters("sent_again", "{message}", "Tasks that were sent again because something was lost.", static each => each.SentAgain);
        OfSubmitters("rejected", "{message}", "Messages that the broker rejected: its queue was full.", static each => each.Rejected);
        OfSubmitters("returned", "{message}", "Messages for which there was no queue.", static each => each.Returned);
        OfSubmitters("late_replies", "{reply}", "Replies to tasks that had ended before.", static each => each.LateReplies);
        OfSubmitters("dead_lettered", "{task}", "Tasks that the broker gave up.", static each => each.DeadLettered);
        OfHosts("delivered", "{delivery}", "Deliveries to hosts.", static each => each.Delivered);
        OfHosts("redelivered", "{delivery}", "Deliveries of tasks that had been delivered before.", static each => each.Redelivered);
        OfHosts("suspected", "{task}", "Tasks that a host put among the suspects.", static each => each.Suspected);
        OfHosts("replied", "{reply}", "Replies that the broker has stored.", static each => each.Replied);
        OfHosts("unroutable_replies", "{reply}", "Replies for which there was no queue any more.", static each => each.Unroutable);
        Meter.CreateObservableUpDownCounter(
            Named("unacknowledged"), ReadUnacknowledged, "{delivery}", "Deliveries that hosts have and have not acknowledged.");
        Meter.CreateObservableUpDownCounter(
            Named("connections"), ReadConnections, "{connection}", "Connections to the broker, by side and state.");
        Meter.CreateObservableCounter(
            Named("reconnects"), ReadReconnects, "{connection}", "Connections to the broker that were made again, by side.");
        OfQueues("ready", "Tasks that wait for a host, as the broker last said.", static each => each.Ready, static each => each.Ready);
        OfQueues("suspects", "Tasks among the suspects, as the broker last said.", static each => each.Suspects, static _ => null);
        OfQueues(
            "dead_letters", "Tasks among the dead letters, as the broker last said.",
            static each => each.DeadLetters, static each => each.DeadLetters);
        Plugins.BeforeUnload(Meter.Dispose);
    }

    /// <summary>A submitting side has begun.</summary>
    public static void Add(IMeteredSubmitter submitter)
    {
        lock (Lock) Submitters.Add(submitter);
    }

    /// <inheritdoc cref="Add(IMeteredSubmitter)"/>
    /// <summary>A working side has begun.</summary>
    public static void Add(IMeteredHost host)
    {
        lock (Lock) Hosts.Add(host);
    }

    /// <summary>A submitting side has ended: what it has counted stays. Once for each, and not under a lock that its snapshot needs.</summary>
    public static void End(IMeteredSubmitter submitter)
    {
        lock (Lock)
        {
            Submitters.Remove(submitter);
            var last = submitter.Snapshot();
            EndedSubmitters[submitter.Name] = EndedSubmitters.TryGetValue(submitter.Name, out var before) ? Sum(before, last) : last;
        }
    }

    /// <summary>A working side has ended: what it has counted stays. Once for each, and not under a lock that its snapshot needs.</summary>
    public static void End(IMeteredHost host)
    {
        lock (Lock)
        {
            Hosts.Remove(host);
            var last = host.Snapshot();
            EndedHosts[last.Name] = EndedHosts.TryGetValue(last.Name, out var before) ? Sum(before, last) : last;
        }
    }

    private static RabbitTroupeSnapshot Sum(RabbitTroupeSnapshot one, RabbitTroupeSnapshot other) => one with
    {
        Sent = one.Sent + other.Sent,
        Stored = one.Stored + other.Stored,
        SentAgain = one.SentAgain + other.SentAgain,
        Rejected = one.Rejected + other.Rejected,
        Returned = one.Returned + other.Returned,
        LateReplies = one.LateReplies + other.LateReplies,
        DeadLettered = one.DeadLettered + other.DeadLettered,
        Reconnects = one.Reconnects + other.Reconnects,
    };

    private static RabbitHostSnapshot Sum(RabbitHostSnapshot one, RabbitHostSnapshot other) => one with
    {
        Delivered = one.Delivered + other.Delivered,
        Redelivered = one.Redelivered + other.Redelivered,
        Suspected = one.Suspected + other.Suspected,
        Replied = one.Replied + other.Replied,
        Unroutable = one.Unroutable + other.Unroutable,
        Reconnects = one.Reconnects + other.Reconnects,
    };

    private static string Named(string name) => "tinyworker.rabbitmq." + name;

    private static void OfSubmitters(string name, string unit, string description, Func<RabbitTroupeSnapshot, long> count) =>
        Meter.CreateObservableCounter(Named(name), () => ByTroupe(SubmittersByName(), count), unit, description);

    private static void OfHosts(string name, string unit, string description, Func<RabbitHostSnapshot, long> count) =>
        Meter.CreateObservableCounter(Named(name), () => ByTroupe(HostsByName(), count), unit, description);

    // Several sides of one troupe see the same queue: the largest number, for the others may not have asked yet.
    private static void OfQueues(
        string name, string description, Func<RabbitTroupeSnapshot, long?> ofSubmitter, Func<RabbitHostSnapshot, long?> ofHost) =>
        Meter.CreateObservableGauge(
            Named("queue." + name),
            () => LivingSubmitters().Select(each => (each.Name, Count: ofSubmitter(each.Snapshot)))
                .Concat(LivingHosts().Select(each => (each.Name, Count: ofHost(each))))
                .Where(static each => each.Count is not null)
                .GroupBy(static each => each.Name)
                .Select(static group => Of(group.Max(static each => each.Count!.Value), group.Key))
                .ToList(),
            "{task}", description);

    private static IEnumerable<Measurement<long>> ReadUnacknowledged() => LivingHosts()
        .GroupBy(static host => host.Name)
        .Select(static group => Of(group.Sum(static host => (long)host.Unacknowledged), group.Key))
        .ToList();

    private static List<Measurement<long>> ReadConnections()
    {
        var sides = LivingSubmitters().Select(static each => (each.Name, Side: "submitter", each.Snapshot.Connection))
            .Concat(LivingHosts().Select(static each => (each.Name, Side: "host", each.Connection)));
        List<Measurement<long>> measurements = [];
        foreach (var group in sides.GroupBy(static each => (each.Name, each.Side)))
        {
            foreach (var state in Enum.GetValues<RabbitConnectionState>())
            {
                if (state == RabbitConnectionState.Closed) continue;   // those have ended
                measurements.Add(Of(
                    group.Count(each => each.Connection == state), group.Key.Name, new(Side, group.Key.Side), new(State, Lower(state))));
            }
        }

        return measurements;
    }

    private static List<Measurement<long>> ReadReconnects() =>
    [
        .. SubmittersByName().GroupBy(static each => each.Name).Select(static group =>
            Of(group.Sum(static each => (long)each.Snapshot.Reconnects), group.Key, new KeyValuePair<string, object?>(Side, "submitter"))),
        .. HostsByName().GroupBy(static each => each.Name).Select(static group =>
            Of(group.Sum(static each => (long)each.Snapshot.Reconnects), group.Key, new KeyValuePair<string, object?>(Side, "host"))),
    ];

    private static List<Measurement<long>> ByTroupe<T>(IEnumerable<(string Name, T Snapshot)> sides, Func<T, long> count) =>
        [.. sides.GroupBy(static each => each.Name).Select(group => Of(group.Sum(each => count(each.Snapshot)), group.Key))];

    private static List<(string Name, RabbitTroupeSnapshot Snapshot)> SubmittersByName()
    {
        lock (Lock)
        {
            return
            [
                .. Submitters.Select(static each => (each.Name, each.Snapshot())),
                .. EndedSubmitters.Select(static each => (each.Key, each.Value)),
            ];
        }
    }

    private static List<(string Name, RabbitHostSnapshot Snapshot)> HostsByName()
    {
        lock (Lock)
        {
            return
            [
                .. Hosts.Select(static each => each.Snapshot()).Select(static each => (each.Name, each)),
                .. EndedHosts.Select(static each => (each.Key, each.Value)),
            ];
        }
    }

    private static List<(string Name, RabbitTroupeSnapshot Snapshot)> LivingSubmitters()
    {
        lock (Lock) return [.. Submitters.Select(static each => (each.Name, each.Snapshot()))];
    }

    private static List<RabbitHostSnapshot> LivingHosts()
    {
        lock (Lock) return [.. Hosts.Select(static each => each.Snapshot())];
    }

    private static Measurement<long> Of(long value, string troupe, params ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        new(value, [new(TinyWorkerMeter.Troupe, troupe), .. tags]);

    private static string Lower(RabbitConnectionState state) => state switch
    {
        RabbitConnectionState.Down => "down",
        RabbitConnectionState.Connecting => "connecting",
        RabbitConnectionState.Ready => "ready",
        RabbitConnectionState.Blocked => "blocked",
        RabbitConnectionState.Failed => "failed",
        _ => "closed",
    };
}
