using TinyWorker.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>
/// The items of a map that were read and not yet yielded: at most <c>size</c>. The window belongs to the thread that enumerates. Only
/// <see cref="OnEnded"/> is called by others: once for each subscribed item, by the thread that ends its task.
/// </summary>
internal abstract class MapWindow<TIn, TOut>(int size, ProgressReporter? progress) : IMapGauge
{
    /// <summary>Set when there may be something to take, and by others that want the consumer to look.</summary>
    public Signal Signal { get; } = new();

    public int Size => size;

    public abstract int Count { get; }

    /// <summary>What the map waits for now. Written by the thread that enumerates, read by any.</summary>
    public MapWait WaitsFor { get; set; }

    public bool HasRoom => Count < size;

    /// <summary>Whether <see cref="TryTake"/> would find an item.</summary>
    public abstract bool HasReady { get; }

    /// <summary>All items in the window.</summary>
    public abstract IEnumerable<MapItem<TIn, TOut>> Items { get; }

    public void Add(MapItem<TIn, TOut> item)
    {
        Keep(item);
        if (progress is not null) item.Subscribe();
    }

    /// <summary>Takes out the next item to yield, if its task has ended.</summary>
    public abstract MapItem<TIn, TOut>? TryTake();

    /// <summary>To be called before a wait for the signal: it will be set when there is something to take.</summary>
    /// <param name="hold">How many more items there may be to take by then.</param>
    public abstract void PrepareToWait(int hold = 0);

    /// <summary>The task of a subscribed item has ended.</summary>
    public void OnEnded(MapItem<TIn, TOut> item)
    {
        progress?.CountEnded(item.Future.FailureOrNull is not null);
        NoteEnded(item);
    }

    /// <summary>To be called before the items are cancelled because the map ends. A failure from now on is no failure of the task: nobody
    /// wants its result.</summary>
    public void Abandon()
    {
        if (progress is null) return;
        progress.IgnoreFailures();   // first: the last report must not count less than a report before it
        foreach (var item in Items)
            if (item.Future.IsCompleted) CountConsumed(item);
    }

    /// <summary>The task of an item has ended after <see cref="Abandon"/>.</summary>
    public void OnCancelled(MapItem<TIn, TOut> item)
    {
        if (item.Future.FailureOrNull is null) CountConsumed(item);
    }

    /// <summary>To be called for an item whose task has ended and that leaves the window.</summary>
    protected void CountConsumed(MapItem<TIn, TOut> item)
    {
        if (progress is null || item.IsCounted) return;
        item.IsCounted = true;
        progress.CountConsumed(item.Future.FailureOrNull is not null);
    }

    protected abstract void Keep(MapItem<TIn, TOut> item);

    protected abstract void NoteEnded(MapItem<TIn, TOut> item);
}
