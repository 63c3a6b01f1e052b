using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// Who sleeps and who is woken, beside the channel that carries the items. Waking is what costs, so: at most one worker at a time is
/// the searcher, that is awake without an item (it spins, or it was woken and is on its way). While there is a searcher, whoever adds an
/// item wakes nobody.
/// </summary>
/// <remarks>
/// Why no item is left lying while a worker sleeps: who adds an item adds it first and looks at _canWake afterwards; who stops being the
/// searcher, or lies down, says so first and looks at the queue afterwards; full fences stand between. So one of the two sees the
/// other. A searcher that finds an item looks for more when it stops searching, and wakes the next: a burst wakes the workers one by one.
/// The one who rested last is woken first: its caches are warm. A worker that was woken and cannot come at once is the searcher no more:
/// it comes when it can, and the next is woken in its place.
/// </remarks>
internal sealed class IdleWorkers(Func<bool> hasItems)
{
    private readonly Lock _lock = new();
    private IRestingWorker? _top;        // guarded by _lock: a stack of those who rest
    private IRestingWorker? _searcher;   // written under _lock, read anywhere
    private bool _closed;                // guarded by _lock; set once
    private bool _canWake;               // somebody rests and nobody searches; written under _lock, read anywhere

    /// <summary>An item was added: wakes a worker if one sleeps and none is on its way.</summary>
    public void ItemAdded()
    {
        Schedule.Point();
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _canWake)) WakeOne();
    }

    /// <summary>True if the worker is the searcher, now or already; that ends with <see cref="EndSearch"/> or <see cref="Rest"/>.</summary>
    public bool TryBeginSearch(IRestingWorker worker)
    {
        Schedule.Point();
        if (Volatile.Read(ref _searcher) == worker) return true;
        lock (_lock)
        {
            if (_searcher is not null) return false;
            _searcher = worker;
            Publish_NeedsLock();
            return true;
        }
    }

    /// <summary>The worker has an item, or leaves for good: if it is the searcher, it is so no more.</summary>
    public void EndSearch(IRestingWorker worker)
    {
        Schedule.Point();
        if (Volatile.Read(ref _searcher) != worker) return;   // only the worker itself, or its waker, makes it so
        lock (_lock)
        {
            if (_searcher != worker) return;
            _searcher = null;
            Publish_NeedsLock();
        }

        WakeOneIfThereIsWork();
    }

    /// <summary>
    /// Lies down. The worker is woken once: for an item, or because the queue was closed, perhaps before this call returns.
    /// </summary>
    public void Rest(IRestingWorker worker)
    {
        bool closed;
        Schedule.Point();
        lock (_lock)
        {
            if (_searcher == worker) _searcher = null;
            closed = _closed;
            if (!closed)
            {
                worker.NextResting = _top;
                _top = worker;
            }

            Publish_NeedsLock();
        }

        if (closed) worker.Wake();
        else WakeOneIfThereIsWork();
    }

    /// <summary>Wakes everybody, now and from now on.</summary>
    public void Close()
    {
        IRestingWorker? next;
        Schedule.Point();
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
            worker.Wake();
        }
    }

    private void WakeOneIfThereIsWork()
    {
        Schedule.Point();
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _canWake) && hasItems()) WakeOne();
    }

    private void WakeOne()
    {
        while (true)
        {
            IRestingWorker worker;
            Schedule.Point();
            lock (_lock)
            {
                if (_searcher is not null || _top is null) return;
                worker = _top;
                _top = worker.NextResting;
                worker.NextResting = null;
                _searcher = worker;
                Publish_NeedsLock();
            }

            if (worker.Wake()) return;
            Schedule.Point();
            lock (_lock)
            {
                if (_searcher != worker) return;   // it has come all the same
                _searcher = null;
                Publish_NeedsLock();
            }
        }
    }

    private void Publish_NeedsLock()
    {
        Volatile.Write(ref _canWake, _top is not null && _searcher is null);
        Debug.Assert(!_closed || _top is null, "nobody rests once closed");
    }
}
