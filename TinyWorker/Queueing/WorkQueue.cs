using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace TinyWorker.Queueing;

/// <summary>
/// The channel between submitters and workers. It is unbounded, because the gate in front of it keeps the bound, and it is only ever
/// tried, never waited on and never given a token: a bounded channel on .NET 10 loses items and wake-ups
/// (dotnet/runtime#132094, dotnet/runtime#131141), and an unbounded one wakes every waiting reader at each write.
/// </summary>
internal sealed class WorkQueue<TItem>
    where TItem : class
{
    private readonly Channel<TItem> _channel = Channel.CreateUnbounded<TItem>();
    private bool _completed;   // set once

    public WorkQueue() => Idle = new IdleWorkers(() => HasItems);

    public IdleWorkers Idle { get; }

    // Not TryPeek: a ConcurrentQueue that was peeked at leaves what is dequeued afterwards in its slots, and with it every finished task.
    public bool HasItems => _channel.Reader.Count > 0;

    /// <summary>Nothing will be added any more. What is in it may still be taken.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed);

    public void Add(TItem item)
    {
        _channel.Writer.TryWrite(item);   // cannot fail: the queue is completed only when the gate is closed and nobody waits
        Idle.ItemAdded();
    }

    public bool TryTake([NotNullWhen(true)] out TItem? item) => _channel.Reader.TryRead(out item);

    public void Complete()
    {
        Volatile.Write(ref _completed, true);
        _channel.Writer.TryComplete();
        Idle.Close();
    }
}
