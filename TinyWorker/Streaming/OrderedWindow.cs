namespace TinyWorker.Streaming;

/// <summary>Yields in the order of the source: only the first item is ever looked at, and nothing is sorted.</summary>
internal sealed class OrderedWindow<TIn, TOut>(int size, ProgressReporter? progress) : MapWindow<TIn, TOut>(size, progress)
{
    private readonly Queue<MapItem<TIn, TOut>> _items = new();
    private MapItem<TIn, TOut>? _awaited;   // whose end the consumer waits for

    public override int Count => _items.Count;

    public override bool HasReady => _items.TryPeek(out var first) && first.Future.IsCompleted;

    public override IEnumerable<MapItem<TIn, TOut>> Items => _items;

    public override MapItem<TIn, TOut>? TryTake()
    {
        if (!HasReady) return null;
        var item = _items.Dequeue();
        _awaited = null;   // or it would be kept until the next wait
        Tally(item);
        return item;
    }

    public override void PrepareToWait(int hold)
    {
        MapItem<TIn, TOut>? awaited = null;
        foreach (var item in _items)
        {
            awaited = item;
            if (hold-- == 0) break;
        }

        if (awaited is null) return;
        Volatile.Write(ref _awaited, awaited);
        // Watching it tells at once if it has ended; if it was watched before, one of the two sees the other.
        awaited.Watch();
        Interlocked.MemoryBarrier();
        if (awaited.Future.IsCompleted) Signal.Set();
    }

    protected override void Keep(MapItem<TIn, TOut> item) => _items.Enqueue(item);

    protected override void Tell(MapItem<TIn, TOut> item)
    {
        // A full fence stands between the end of the future and this.
        if (Volatile.Read(ref _awaited) == item) Signal.Set();
    }
}
