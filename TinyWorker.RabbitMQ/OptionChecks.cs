using System.Runtime.CompilerServices;
using System.Text;

namespace TinyWorker.RabbitMQ;

/// <summary>What the options of both sides have in common when they are checked. Each check throws an <see cref="ArgumentException"/> that
/// names the option.</summary>
internal static class OptionChecks
{
    internal const int LargestPayload = 128 * 1024 * 1024;

    // A queue's name has at most 255 bytes, and what stands around the troupe's name in the longest of them has some 60.
    private const int LongestName = 180;
    private const int LongestVersion = 200;   // it is in each message: headers that fill a frame of 128 kB end the connection
    private const double LongestTimer = uint.MaxValue - 1;   // in milliseconds: what a .NET timer can do
    private const int MostReplicas = 99;

    // What a troupe's own queues and exchanges end with: see TroupeTopology.
    private static readonly string[] ReservedEnds = [".suspects", ".dead", ".control", ".news"];

    private static readonly TimeSpan ShortestHeartbeat = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestHeartbeat = TimeSpan.FromHours(1);

    public static void Check(string options, string type, bool holds, string name, object? value, string rule)
    {
        if (!holds) throw new ArgumentOutOfRangeException(options, value, $"{type}.{name} {rule}.");
    }

    /// <summary>The name of a troupe on a broker.</summary>
    /// <exception cref="ArgumentNullException">It is null.</exception>
    /// <exception cref="ArgumentException">It cannot be a part of the names of queues.</exception>
    public static void CheckTroupeName(string name, [CallerArgumentExpression(nameof(name))] string? parameter = null)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (string.IsNullOrWhiteSpace(name)) throw new ArgumentException("The name of a troupe must not be empty.", parameter);
        if (ReservedEnds.FirstOrDefault(end => name.EndsWith(end, StringComparison.Ordinal)) is { } reserved)
        {
            throw new ArgumentException(
                $"The name of a troupe on a broker must not end with '{reserved}': the queues of '{name}' would be those of the troupe " +
                $"'{name[..^reserved.Length]}'. Give it another name.",
                parameter);
        }

        if (Encoding.UTF8.GetByteCount(name) > LongestName || name.Any(char.IsControl))
        {
            throw new ArgumentException(
                $"The name of a troupe on a broker becomes a part of the names of its queues: it must have at most {LongestName} bytes " +
                $"in UTF-8, and no control characters. '{name}' is no such name.",
                parameter);
        }
    }

    public static void CheckBroker(string options, string type, RabbitBroker? broker)
    {
        Check(options, type, broker is not null, nameof(RabbitTroupeOptions.Broker), broker, "must not be null");
        Check(
            options, nameof(RabbitBroker), broker!.Endpoints is { Count: > 0 } endpoints && endpoints.All(IsEndpoint),
            nameof(RabbitBroker.Endpoints), null, "must have at least one endpoint, each with a host and a port from 1 to 65,535");
        Check(
            options, nameof(RabbitBroker), !string.IsNullOrEmpty(broker.VirtualHost), nameof(RabbitBroker.VirtualHost), broker.VirtualHost,
            "must not be empty; the default is '/'");
        Check(
            options, nameof(RabbitBroker), broker.Credentials is not null, nameof(RabbitBroker.Credentials), null, "must not be null");
    }

    public static void CheckQueue(string options, string type, RabbitQueueOptions? queue)
    {
        Check(options, type, queue is not null, nameof(RabbitTroupeOptions.Queue), queue, "must not be null");
        const string Type = nameof(RabbitQueueOptions);
        Check(
            options, Type, queue!.Replicas is >= 1 and <= MostReplicas, nameof(queue.Replicas), queue.Replicas,
            $"must be from 1 to {MostReplicas}");
        Check(
            options, Type, queue.MaxLength is null or >= 1, nameof(queue.MaxLength), queue.MaxLength,
            "must be at least 1; leave it null for no limit");
        Check(options, Type, queue.DeliveryLimit >= 1, nameof(queue.DeliveryLimit), queue.DeliveryLimit, "must be at least 1");
    }

    public static void CheckContractVersion(string options, string type, string? version) => Check(
        options, type, version is null || (!string.IsNullOrWhiteSpace(version) && version.Length <= LongestVersion),
        nameof(RabbitTroupeOptions.ContractVersion), version,
        $"must not be empty, and have at most {LongestVersion} characters; leave it null for none");

    public static void CheckHeartbeat(string options, string type, TimeSpan heartbeat) => Check(
        options, type, heartbeat >= ShortestHeartbeat && heartbeat <= LongestHeartbeat, nameof(RabbitTroupeOptions.Heartbeat), heartbeat,
        "must be from 1 second to 1 hour");

    public static void CheckMaxPayload(string options, string type, int maxPayload) => Check(
        options, type, maxPayload is >= 1 and <= LargestPayload, nameof(RabbitTroupeOptions.MaxPayload), maxPayload,
        "must be from 1 to 134,217,728 bytes");

    /// <summary>A time that may be without end, and not zero.</summary>
    public static void CheckLimit(string options, string type, string name, TimeSpan limit) => Check(
        options, type, limit == Timeout.InfiniteTimeSpan || (limit > TimeSpan.Zero && limit.TotalMilliseconds < LongestTimer), name, limit,
        "must be above zero and at most 49 days, or Timeout.InfiniteTimeSpan");

    /// <summary>A time that may be zero, and not without end.</summary>
    public static void CheckPatience(string options, string type, string name, TimeSpan patience) => Check(
        options, type, patience >= TimeSpan.Zero && patience.TotalMilliseconds < LongestTimer, name, patience,
        "must be from zero to 49 days");

    private static bool IsEndpoint(RabbitEndpoint endpoint) =>
        !string.IsNullOrWhiteSpace(endpoint.Host) && endpoint.Port is >= 1 and <= ushort.MaxValue;
}
