using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Serving;

// What the host is doing. The counts of the queues are asked for aside when somebody looks, and shown at the next look.
internal sealed partial class TaskServer<TIn, TOut>
{
    private static readonly TimeSpan CountPeriod = TimeSpan.FromSeconds(5);   // the broker's own counts are as old

    private readonly Lock _countLock = new();   // guards the fields below
    private QueueCounts _counts;
    private long _countedAt;
    private bool _isCounting;

    public RabbitHostSnapshot Snapshot()
    {
        var state = _connection.State;
        var session = _session is { IsOver: false } current ? current : null;
        var isConnected = state is RabbitConnectionState.Ready or RabbitConnectionState.Blocked;
        var counts = Counts(isConnected ? session : null);
        return new RabbitHostSnapshot(
            _troupe.Name,
            HostName,
            state,
            isConnected ? session?.Broker.Endpoint : null,
            isConnected && session is { Prefetch: > 0 },
            Prefetch,
            session?.Unsettled ?? 0,
            Interlocked.Read(ref _counters.Delivered),
            Interlocked.Read(ref _counters.Redelivered),
            Interlocked.Read(ref _counters.Run),
            Interlocked.Read(ref _counters.Joined),
            Interlocked.Read(ref _counters.Repeated),
            Interlocked.Read(ref _counters.Replied),
            Interlocked.Read(ref _counters.Unroutable),
            Interlocked.Read(ref _counters.Refused),
            Interlocked.Read(ref _counters.Expired),
            Interlocked.Read(ref _counters.Suspected),
            _connection.Reconnects,
            _tasks.Remembered,
            counts.Ready,
            counts.DeadLetters,
            _connection.LastError?.Message);
    }

    private QueueCounts Counts(ServingSession? session)
    {
        lock (_countLock)
        {
            if (session is null) return default;
            if (_isCounting || (_countedAt != 0 && _clock.GetElapsedTime(_countedAt) < CountPeriod)) return _counts;
            _isCounting = true;
            _ = Task.Run(() => CountAsync(session));
            return _counts;
        }
    }

    private async Task CountAsync(ServingSession session)
    {
        QueueCounts counts = default;
        try
        {
            counts = await _topology.CountAsync(session.Broker, session.Broker.Ended).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // They are not known then.
        }

        lock (_countLock) (_counts, _countedAt, _isCounting) = (counts, _clock.GetTimestamp(), false);
    }
}
