using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>Yields in the order of the source. It looks at the first item only, and sorts nothing.</summary>
internal sealed class OrderedWindow<TIn, TOut>(int size, ProgressReporter? progress) : MapWindow<TIn, TOut>(size, progress)
{
    private readonly Queue<MapItem<TIn, TOut>> _items = new();
    private MapItem<TIn, TOut>? _awaited;   // the consumer waits until its task ends

    public override int Count => _items.Count;

    public override bool HasReady => _items.TryPeek(out var first) && first.Future.IsCompleted;

    public override IEnumerable<MapItem<TIn, TOut>> Items => _items;

    public override MapItem<TIn, TOut>? TryTake()
    {
        if (!HasReady) return null;
        var item = _items.Dequeue();
        _awaited = null;   // else the item would be kept alive until the next wait
        CountConsumed(item);
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
        // A new subscription is told at once if the task has ended. With an old one, either NoteEnded sees _awaited or this sees the end.
        awaited.Subscribe();
        Interlocked.MemoryBarrier();
        if (awaited.Future.IsCompleted) Signal.Set();
    }

    protected override void Keep(MapItem<TIn, TOut> item) => _items.Enqueue(item);

    protected override void NoteEnded(MapItem<TIn, TOut> item)
    {
        // A full fence stands between the end of the future and this read.
        if (Volatile.Read(ref _awaited) == item) Signal.Set();
    }
}
