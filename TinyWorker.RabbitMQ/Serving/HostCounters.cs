namespace TinyWorker.RabbitMQ.Serving;

/// <summary>What a host has counted so far; see <see cref="RabbitHostSnapshot"/>. Changed by <see cref="Interlocked"/> only.</summary>
internal sealed class HostCounters
{
    public long Delivered;
    public long Redelivered;
    public long Run;
    public long Joined;
    public long Repeated;
    public long Replied;
    public long Unroutable;
    public long Refused;
    public long Expired;
    public long Suspected;
}
