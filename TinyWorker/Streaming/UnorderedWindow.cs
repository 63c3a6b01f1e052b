using System.Collections.Concurrent;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>Yields in the order in which the tasks end.</summary>
internal sealed class UnorderedWindow<TIn, TOut>(int size, ProgressReporter? progress) : MapWindow<TIn, TOut>(size, progress)
{
    private readonly List<MapItem<TIn, TOut>> _items = [];               // in no order; each item knows its position
    private readonly ConcurrentQueue<MapItem<TIn, TOut>> _ready = new();
    private int _hold;   // the signal is set when more items than that are ready

    public override int Count => _items.Count;

    public override bool HasReady => !_ready.IsEmpty;

    public override IEnumerable<MapItem<TIn, TOut>> Items => _items;

    public override MapItem<TIn, TOut>? TryTake()
    {
        if (!_ready.TryDequeue(out var item)) return null;
        var last = _items[^1];
        _items[item.Position] = last;
        last.Position = item.Position;
        _items.RemoveAt(_items.Count - 1);
        CountConsumed(item);
        return item;
    }

    public override void PrepareToWait(int hold)
    {
        Volatile.Write(ref _hold, hold);
        Interlocked.MemoryBarrier();   // either NoteEnded sees _hold, or this sees the item
        if (_ready.Count > hold) Signal.Set();
    }

    protected override void Keep(MapItem<TIn, TOut> item)
    {
        item.Position = _items.Count;
        _items.Add(item);
        item.Subscribe();
    }

    protected override void NoteEnded(MapItem<TIn, TOut> item)
    {
        _ready.Enqueue(item);
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _hold) is var hold && (hold == 0 || _ready.Count > hold)) Signal.Set();
    }
}
