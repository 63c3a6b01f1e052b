using System.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>A worker that has nothing to do and waits to be woken.</summary>
internal interface IRestingWorker
{
    /// <summary>Guarded by the lock of <see cref="IdleWorkers"/>.</summary>
    IRestingWorker? NextResting { get; set; }

    /// <summary>Called once for each rest, outside all locks.</summary>
    void Wake(bool asSearcher);
}

/// <summary>
/// Who sleeps and who is woken, beside the channel that carries the items. Waking is what costs, so: at most one worker at a time is
/// searching, that is awake without an item (it spins, or it was woken and is on its way). While there is a searcher, whoever adds an
/// item wakes nobody.
/// </summary>
/// <remarks>
/// Why no item is left lying while a worker sleeps: who adds an item adds it first and looks at _canWake afterwards; who stops being the
/// searcher, or lies down, says so first and looks at the queue afterwards; full fences stand between. So one of the two sees the
/// other. A searcher that finds an item looks for more when it stops searching, and wakes the next: a burst wakes the workers one by one.
/// The one who rested last is woken first: its caches are warm.
/// </remarks>
internal sealed class IdleWorkers(Func<bool> hasItems)
{
    private readonly Lock _lock = new();
    private IRestingWorker? _top;   // guarded by _lock: a stack of those who rest
    private bool _searching;        // guarded by _lock
    private bool _closed;           // guarded by _lock; set once
    private bool _canWake;          // somebody rests and nobody searches; written under _lock, read anywhere

    /// <summary>An item was added: wakes a worker if one sleeps and none is on its way.</summary>
    public void ItemAdded()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _canWake)) WakeOne();
    }

    /// <summary>True if the caller may spin: it is the searcher now, and ends that with <see cref="EndSearch"/> or <see cref="Rest"/>.</summary>
    public bool TryBeginSearch()
    {
        lock (_lock)
        {
            if (_searching) return false;
            _searching = true;
            Publish_NeedsLock();
            return true;
        }
    }

    /// <summary>The searcher has an item, or leaves for good.</summary>
    public void EndSearch()
    {
        lock (_lock)
        {
            Debug.Assert(_searching, "only the searcher ends the search");
            _searching = false;
            Publish_NeedsLock();
        }

        WakeOneIfThereIsWork();
    }

    /// <summary>
    /// Lies down. The worker is woken once: for an item, or because the queue was closed, perhaps before this call returns.
    /// </summary>
    public void Rest(IRestingWorker worker, bool wasSearcher)
    {
        bool closed;
        lock (_lock)
        {
            if (wasSearcher) _searching = false;
            closed = _closed;
            if (!closed)
            {
                worker.NextResting = _top;
                _top = worker;
            }

            Publish_NeedsLock();
        }

        if (closed) worker.Wake(asSearcher: false);
        else WakeOneIfThereIsWork();
    }

    /// <summary>Wakes everybody, now and from now on.</summary>
    public void Close()
    {
        IRestingWorker? next;
        lock (_lock)
        {
            _closed = true;
            next = _top;
            _top = null;
            Publish_NeedsLock();
        }

        while (next is not null)
        {
            var worker = next;
            next = worker.NextResting;
            worker.NextResting = null;
            worker.Wake(asSearcher: false);
        }
    }

    private void WakeOneIfThereIsWork()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _canWake) && hasItems()) WakeOne();
    }

    private void WakeOne()
    {
        IRestingWorker worker;
        lock (_lock)
        {
            if (_searching || _top is null) return;
            worker = _top;
            _top = worker.NextResting;
            worker.NextResting = null;
            _searching = true;
            Publish_NeedsLock();
        }

        worker.Wake(asSearcher: true);
    }

    private void Publish_NeedsLock()
    {
        Volatile.Write(ref _canWake, _top is not null && !_searching);
        Debug.Assert(!_closed || _top is null, "nobody rests once closed");
    }
}
