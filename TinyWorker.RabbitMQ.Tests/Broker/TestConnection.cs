using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

/// <summary>A connection of one test, with its troupe, its topology and its log.</summary>
internal sealed class TestConnection : IAsyncDisposable
{
    private readonly Func<BrokerSession, CancellationToken, Task> _setUp;
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TestConnection(
        RabbitBroker broker, Func<BrokerSession, CancellationToken, Task>? setUp = null, TimeSpan? lostAfter = null,
        RabbitQueueOptions? queue = null, string? troupe = null, bool isStarted = true)
    {
        Troupe = troupe ?? Brokers.NewTroupe();
        Topology = new TroupeTopology(Troupe, queue ?? new());
        _setUp = setUp ?? ((_, _) => Task.CompletedTask);
        Connection = new BrokerConnection(
            new(Troupe, "submitter", broker, TimeSpan.FromSeconds(5), lostAfter ?? TimeSpan.FromMinutes(2), Log, TimeProvider.System),
            SetUpAsync) { Changed = Change };
        if (isStarted) Connection.Start();
    }

    public string Troupe { get; }

    public TroupeTopology Topology { get; }

    public BrokerConnection Connection { get; }

    public FakeLogger Log { get; } = new();

    /// <summary>Whether the newest set-up found the queue of tasks missing.</summary>
    public bool WasMissing { get; private set; }

    /// <summary>Whether the set-up declares the queues.</summary>
    public bool Declares { get; init; } = true;

    public IEnumerable<string> LogLines(LogLevel level = LogLevel.Trace) =>
        Log.Collector.GetSnapshot().Where(line => line.Level >= level).Select(line => line.Message + line.Exception);

    public async Task<BrokerSession> ReadyAsync()
    {
        await Within.Time(Connection.WhenReadyAsync(default), "the connection", RabbitNode.Patience);
        return await SessionAsync();
    }

    /// <summary>Waits for something that the connection tells by its event.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        while (true)
        {
            Task changed;
            lock (_gate) changed = _changed.Task;
            if (condition()) return;
            await Within.Time(changed, what, RabbitNode.Patience);
        }
    }

    public ValueTask DisposeAsync() => Connection.DisposeAsync();

    private async Task<BrokerSession> SessionAsync()
    {
        // A session may end at any moment, and the next one takes its place.
        while (true)
        {
            if (Connection.Current is { } session) return session;
            await Within.Time(Connection.WhenReadyAsync(default), "the connection", RabbitNode.Patience);
        }
    }

    private async Task SetUpAsync(BrokerSession session, CancellationToken cancellationToken)
    {
        if (Declares) WasMissing = await Topology.EnsureAsync(session, cancellationToken);
        await _setUp(session, cancellationToken);
    }

    private void Change()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.SetResult();
    }
}
