using System.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>An item of the <see cref="WaitingRoom{TItem}"/>: it carries its own links, so that waiting costs no further object.</summary>
internal interface IWaitingItem<TItem>
    where TItem : class, IWaitingItem<TItem>
{
    TItem? Previous { get; set; }

    TItem? Next { get; set; }

    bool IsInRoom { get; set; }
}

/// <summary>
/// The accepted tasks of a troupe that wait for their input. Only an abort and a broken troupe look through it: those must end tasks
/// that nothing else would ever end.
/// </summary>
internal sealed class WaitingRoom<TItem>
    where TItem : class, IWaitingItem<TItem>
{
    private readonly Lock _lock = new();
    private TItem? _first;   // guarded by _lock, as are the links of all items

    public void Add(TItem item)
    {
        lock (_lock)
        {
            Debug.Assert(!item.IsInRoom, "an item waits in one place at a time");
            item.IsInRoom = true;
            item.Next = _first;
            if (_first is not null) _first.Previous = item;
            _first = item;
        }
    }

    /// <summary>False if it was not there any more.</summary>
    public bool Remove(TItem item)
    {
        lock (_lock)
        {
            if (!item.IsInRoom) return false;
            Remove_NeedsLock(item);
            return true;
        }
    }

    public bool TryTake(out TItem? item)
    {
        lock (_lock)
        {
            item = _first;
            if (item is null) return false;
            Remove_NeedsLock(item);
            return true;
        }
    }

    private void Remove_NeedsLock(TItem item)
    {
        if (item.Previous is { } previous) previous.Next = item.Next;
        else _first = item.Next;
        if (item.Next is { } next) next.Previous = item.Previous;
        item.Previous = null;
        item.Next = null;
        item.IsInRoom = false;
    }
}
