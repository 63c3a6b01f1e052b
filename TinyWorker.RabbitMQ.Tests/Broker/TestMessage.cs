using System.Collections.Concurrent;
using RabbitMQ.Client;
using TinyWorker.RabbitMQ.Broker;

namespace TinyWorker.RabbitMQ.Tests.Broker;

/// <summary>A publication that keeps how it ended, each time that it did.</summary>
internal sealed class TestMessage(string exchange, string routingKey, string id, int size = 10) : Publication
{
    private readonly ConcurrentQueue<PublishOutcome> _outcomes = new();
    private readonly TaskCompletionSource<PublishOutcome> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Exchange => exchange;

    public override string RoutingKey => routingKey;

    public override BasicProperties Properties { get; } = new() { MessageId = id, Persistent = true };

    public override ReadOnlyMemory<byte> Body { get; } = new byte[size];

    /// <summary>The first outcome.</summary>
    public Task<PublishOutcome> Ended => _ended.Task;

    public IReadOnlyCollection<PublishOutcome> Outcomes => _outcomes;

    /// <summary>Called with each outcome.</summary>
    public Action<PublishOutcome>? OnEnd { get; init; }

    public override void End(PublishOutcome outcome)
    {
        _outcomes.Enqueue(outcome);
        _ended.TrySetResult(outcome);
        OnEnd?.Invoke(outcome);
    }
}
