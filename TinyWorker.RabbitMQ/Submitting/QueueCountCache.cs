using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Submitting;

/// <summary>
/// What waits in the queues, as far as it is known. Whoever reads it gets what is there at once; if that is old, the broker is asked
/// aside. Thread-safe.
/// </summary>
internal sealed class QueueCountCache(TroupeTopology topology, TimeProvider timeProvider)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private QueueCounts _counts;    // guarded by _lock
    private long _askedAt;          // guarded by _lock: in time stamps; 0 for never
    private bool _isAsking;         // guarded by _lock

    /// <summary>The newest counts; all null if they are not known.</summary>
    /// <param name="session">Whom to ask; null while there is no session.</param>
    public QueueCounts Read(BrokerSession? session)
    {
        lock (_lock)
        {
            if (session is null) return _counts = default;
            var now = Math.Max(1, timeProvider.GetTimestamp());
            if (_isAsking || (_askedAt != 0 && timeProvider.GetElapsedTime(_askedAt, now) < Fresh)) return _counts;
            (_isAsking, _askedAt) = (true, now);
        }

        using (ExecutionContext.SuppressFlow()) _ = Task.Run(() => AskAsync(session));
        lock (_lock) return _counts;
    }

    private async Task AskAsync(BrokerSession session)
    {
        QueueCounts counts = default;
        try
        {
            using var patience = new CancellationTokenSource(Patience, timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, session.Ended);
            counts = await topology.CountAsync(session, either.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // They are not known then. Why the broker does not answer is told by the connection.
        }

        lock (_lock) (_counts, _isAsking) = (counts, false);
    }
}
