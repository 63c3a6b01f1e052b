using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>A worker that has nothing to do and waits to be woken.</summary>
internal interface IParkedWorker
{
    /// <summary>Guarded by the lock of <see cref="IdleWorkers"/>, like the two below.</summary>
    bool IsParked { get; set; }

    IParkedWorker? NextParked { get; set; }

    IParkedWorker? PreviousParked { get; set; }

    /// <summary>
    /// Called once each time the worker has parked, outside all locks. False if it cannot come at once, because its thread does something
    /// else.
    /// </summary>
    bool Wake();
}

/// <summary>
/// Which workers sleep and which one is woken, beside the channel that carries the items. Waking is what costs. So at most one worker at
/// a time is the searcher: awake without an item (it spins, or it was woken and is on its way). While there is a searcher, a submitter
/// wakes nobody.
/// </summary>
/// <remarks>
/// Why no item stays in the queue while a worker sleeps: a submitter adds its item first and looks at _canWake afterwards. A worker that
/// stops searching, or parks, says so first and looks at the queue afterwards. Full fences stand between, so one of the two sees the
/// other. A searcher that finds an item stops searching, looks for more, and wakes the next worker: a burst wakes the workers one by one.
/// The worker that parked last is woken first: its caches are warm. A worker that was woken and cannot come at once is no longer the
/// searcher: it comes when it can, and the next one is woken in its place. A worker can also be woken by itself, for something that
/// concerns it alone (<see cref="Unpark"/>): it leaves the stack, and does not become the searcher.
/// </remarks>
internal sealed class IdleWorkers(Func<bool> hasItems)
{
    private readonly Lock _lock = new();
    private IParkedWorker? _top;         // guarded by _lock: a stack of the parked workers
    private IParkedWorker? _searcher;    // written under _lock, read anywhere
    private bool _closed;                // guarded by _lock; set once
    private bool _canWake;               // a worker is parked and none searches; written under _lock, read anywhere

    /// <summary>Whether a worker sleeps, or looks for an item.</summary>
    public bool HasFree
    {
        get
        {
            if (Volatile.Read(ref _top) is not null || Volatile.Read(ref _searcher) is not null) return true;
            // A sleeper that becomes the searcher, or the other way round, is neither for a moment, but for who has the lock.
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                return _top is not null || _searcher is not null;
            }
        }
    }

    /// <summary>An item was added: wakes a worker if one sleeps and none is on its way.</summary>
    public void ItemAdded()
    {
        Schedule.Point();
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _canWake)) WakeOne();
    }

    /// <summary>True if the worker is the searcher, now or already. That ends with <see cref="EndSearch"/> or <see cref="Park"/>.</summary>
    public bool TryBeginSearch(IParkedWorker worker)
    {
        Schedule.Point();
        if (Volatile.Read(ref _searcher) == worker) return true;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_searcher is not null) return false;
            _searcher = worker;
            Publish_NeedsLock();
            return true;
        }
    }

    /// <summary>The worker has an item, or leaves for good: it is no longer the searcher.</summary>
    /// <returns>Whether it was the searcher.</returns>
    public bool EndSearch(IParkedWorker worker)
    {
        Schedule.Point();
        if (Volatile.Read(ref _searcher) != worker) return false;   // only the worker itself, or its waker, makes it the searcher
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_searcher != worker) return false;
            _searcher = null;
            Publish_NeedsLock();
        }

        WakeOneIfThereIsWork();
        return true;
    }

    /// <summary>
    /// The worker sleeps from now on. It is woken once: for an item, or because the queue was completed, perhaps before this call returns.
    /// </summary>
    public void Park(IParkedWorker worker)
    {
        bool closed;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_searcher == worker) _searcher = null;
            closed = _closed;
            if (!closed) Push_NeedsLock(worker);

            Publish_NeedsLock();
        }

        if (closed) worker.Wake();
        else WakeOneIfThereIsWork();
    }

    /// <summary>Wakes this worker, if it is parked. If it is not, it is awake already, or on its way.</summary>
    public void Unpark(IParkedWorker worker)
    {
        if (TryTakeOut(worker)) worker.Wake();
    }

    /// <summary>Takes the worker out of those that sleep: the caller is to wake it. False if it is not parked.</summary>
    public bool TryTakeOut(IParkedWorker worker)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!worker.IsParked) return false;
            Remove_NeedsLock(worker);
            Publish_NeedsLock();
            return true;
        }
    }

    /// <summary>Wakes every worker, now and from now on.</summary>
    public void Close()
    {
        List<IParkedWorker> parked = [];
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _closed = true;
            while (_top is { } worker)
            {
                Remove_NeedsLock(worker);
                parked.Add(worker);
            }

            Publish_NeedsLock();
        }

        foreach (var worker in parked) worker.Wake();
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
            IParkedWorker worker;
            Schedule.Point();
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                if (_searcher is not null || _top is null) return;
                worker = _top;
                Remove_NeedsLock(worker);
                _searcher = worker;
                Publish_NeedsLock();
            }

            if (worker.Wake()) return;
            Schedule.Point();
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                if (_searcher != worker) return;   // it has come all the same
                _searcher = null;
                Publish_NeedsLock();
            }
        }
    }

    private void Push_NeedsLock(IParkedWorker worker)
    {
        worker.IsParked = true;
        worker.NextParked = _top;
        if (_top is not null) _top.PreviousParked = worker;
        _top = worker;
    }

    private void Remove_NeedsLock(IParkedWorker worker)
    {
        worker.IsParked = false;
        if (worker.PreviousParked is { } previous) previous.NextParked = worker.NextParked;
        else _top = worker.NextParked;
        if (worker.NextParked is { } next) next.PreviousParked = worker.PreviousParked;
        worker.NextParked = null;
        worker.PreviousParked = null;
    }

    private void Publish_NeedsLock() => Volatile.Write(ref _canWake, _top is not null && _searcher is null);

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(!_closed || _top is null, "no worker is parked once the queue is completed");
        Debug.Assert(_canWake == (_top is not null && _searcher is null), "what submitters read agrees with who sleeps and who searches");
    }
}
