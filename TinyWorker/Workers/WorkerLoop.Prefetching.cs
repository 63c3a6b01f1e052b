using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>
/// Tasks that are sent to a worker process ahead of their start. They were taken from the channel and still wait: for the gate, for
/// whoever looks at them, and for Cancel, which asks for them back.
/// </summary>
/// <remarks>
/// The loop prefetches only while a task is running. The prefetched tasks start in order, each when the one before has ended. What the
/// worker returns, or loses by dying, goes back to its place in the queue, where any worker takes it. Who owns what: a task that is
/// Prefetched, recalled or unwanted, belongs to whoever takes it out of _prefetched or out of _sending, under the lock. That is the
/// loop, which alone adds, sends and starts, and inside whose wait for an outcome tasks come back. Or it is, once, whoever abandons the
/// loop: that one empties both, and what the loop may still be writing then (in a serializer that hangs) is not sent any more.
/// </remarks>
#pragma warning disable CA1001 // As in WorkerLoop.cs.
internal sealed partial class WorkerLoop<TIn, TOut>
#pragma warning restore CA1001
{
    private const int MostExcuses = 3;

    private readonly Lock _prefetchLock = new();
    // What is sent ahead must be wanted there when its turn comes: by that worker, and before the tasks that are run again
    private readonly bool _mayPrefetchAtAll;
    // Guarded by _prefetchLock. Set with the first worker that can prefetch: each process would compile code for it.
    private Queue<PrefetchedItem>? _prefetched;
    private (WorkItem<TIn, TOut>? Item, ItemOrder Order) _sending;     // guarded by _prefetchLock: the item that is being written now
    private bool _mayNotPrefetch;                                 // guarded by _prefetchLock; set once, when the loop is abandoned
    private IPrefetchingWorker<TIn, TOut>? _prefetching;          // _worker, if it is one
    private bool _hasParked = true;                               // since its last task

    private long TasksOfThisWorker => _prefetching?.TasksEnded ?? _tasksOfThisWorker;

    public void RecallPrefetched() => (Remote as IPrefetchingWorker<TIn, TOut>)?.Recall();

    private void PreparePrefetching(IPrefetchingWorker<TIn, TOut> worker)
    {
        using (Uninterrupted.Enter(_prefetchLock)) _prefetched ??= new Queue<PrefetchedItem>();
        (worker.PrefetchReturned, worker.Lost) = (OnReturned, OnLost);
    }

    // The worker is lost while it has no task: the loop, which sleeps, is to replace it. If it does not sleep, it sees that by itself.
    private void OnLost() => Unpark();

    private bool TryTakePrefetched(out WorkItem<TIn, TOut>? item, out long number)
    {
        (item, number) = (null, 0);
        if (_prefetching is null) return false;   // nothing was ever sent ahead from here
        using (Uninterrupted.Enter(_prefetchLock))
        {
            AssertPrefetched_NeedsLock();
            var found = _prefetched!.TryDequeue(out var first);
            (item, number) = (first.Item, first.Number);
            return found;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CallPrefetchingAsync(WorkItem<TIn, TOut> item, TIn argument, long number)
    {
        TOut value;
        try
        {
            if (number == 0) number = _prefetching!.Prefetch(argument, item.Activity);
            // After the loop has parked, send one task only: if the worker died meanwhile, we can tell that it never read that task.
            if (!_hasParked) Prefetch();
            _hasParked = false;
            _prefetching!.Flush();
            // Whoever pauses the troupe, or wants another worker, says so first and recalls afterwards: one of the two recalls what was sent
            // just now.
            if (_queue.IsPaused || IsToBeReplaced) _prefetching.Recall();
            value = _prefetching.Outcome(number, _cancellation.Token);
        }
        catch (WorkerLostException e)
        {
            await EndLostAsync(item, e);
            return;
        }
        catch (Exception e)
        {
            NoteWeight();
            End(item, e);
            return;
        }

        NoteWeight();
        End(item, value);
    }

    private void NoteWeight()
    {
        if (_prefetching!.IsOverweight) _replacementReason = RestartReason.Overweight;
    }

    /// <summary>
    /// The worker is gone, with the task that it ran. The tasks that were prefetched behind it were not begun. A task that no worker is at
    /// waits in the queue: whoever is free takes it.
    /// </summary>
    private async ValueTask EndLostAsync(WorkItem<TIn, TOut> item, WorkerLostException lost)
    {
        OnReturned(0, long.MaxValue);
        var crash = await _prefetching!.EndAsync(lost);
        // A worker that was gone before it read the task did not die of it. But no task may cost one worker after the other in this way.
        var isExcused = lost.WasUntouched && item.Excuses < MostExcuses;
        var attempts = item.Attempts + (isExcused ? 0 : 1);
        if (isExcused || attempts < _settings.MaxAttempts)
            if (TryGiveBack(item, isExcused, TimeSpan.Zero)) return;
        End(item, item.MayBeAskedToStop ? crash(attempts) : new OperationCanceledException(
            "The task did not stop when it was asked to, and lost its worker.", _cancellation.Token));
    }

    /// <summary>Sends waiting tasks ahead: up to the worker's limit, but no more than its share of what waits.</summary>
    private void Prefetch()
    {
        if (!_mayPrefetchAtAll || IsAskedToLeave || IsToBeReplaced) return;
        // Else the tasks that only this worker may take would not get their turns: those that wait now, and the next with this task's key.
        if (_queue.HasItemsFor(_info.Index) || _current is { Terms.IsForOneWorker: true }) return;
        var limit = Math.Min(_prefetching!.PrefetchLimit, _settings.MaxTasksPerWorker - TasksOfThisWorker - 1);
        var count = _prefetched!.Count;   // whoever abandons the loop may empty it meanwhile: then nothing is sent any more
        if (limit <= 0 || count > limit / 2) return;
        for (var share = Math.Min(limit - count, _queue.Count / _loops.Most); share > 0; share--)
            if (!TryTakeToPrefetch(out var item, out var order) || !TryPrefetch(item!, order)) return;
    }

    private bool TryTakeToPrefetch(out WorkItem<TIn, TOut>? item, out ItemOrder order)
    {
        Volatile.Write(ref _isTaking, true);
        var found = _queue.TryTakeToPrefetch(out item, out order);
        Volatile.Write(ref _isTaking, false);
        return found;
    }

    /// <summary>False if there is no room, or the loop was abandoned: the item is back in the queue.</summary>
    private bool TryPrefetch(WorkItem<TIn, TOut> item, ItemOrder order)
    {
        if (item.TryEndLate()) return true;   // outside the lock: listeners are told
        if (item.HasDeferredInput)
        {
            _core.Return(item, order);   // its input is made when a worker is free
            return false;
        }

        var argument = item.Argument;
        bool isAbandoned;
        using (Uninterrupted.Enter(_prefetchLock))
        {
            AssertPrefetched_NeedsLock();
            isAbandoned = _mayNotPrefetch;
            if (!isAbandoned)
            {
                if (!item.TryPrefetch(_info.Index)) return true;
                _sending = (item, order);
            }
        }

        if (isAbandoned)
        {
            // The loop was abandoned before the item was prefetched: nobody would ever return the item.
            _core.Return(item, order);
            return false;
        }

        long number = 0;
        Exception? fault = null;
        try
        {
            // Not after a terminal failure. One that is set from here on asks for the prefetched tasks, or meets them when they start.
            if (_core.TerminalFailure is null) number = _prefetching!.Prefetch(argument, item.Activity);
        }
        catch (Exception e)
        {
            fault = e;
        }

        using (Uninterrupted.Enter(_prefetchLock))
        {
            if (_sending.Item is null) return false;   // the loop was abandoned meanwhile, and the item was returned
            _sending = default;
            if (number != 0) _prefetched!.Enqueue(new PrefetchedItem(item, number, order));
            AssertPrefetched_NeedsLock();
        }

        if (fault is not null) item.EndPrefetched(Failure.Fault(fault));
        else if (number == 0) Return(item, order);
        return fault is not null || number != 0;
    }

    private void OnReturned(long first, long last)
    {
        List<PrefetchedItem> returned = [];
        using (Uninterrupted.Enter(_prefetchLock))
        {
            if (_prefetched is null) return;
            AssertPrefetched_NeedsLock();
            for (var left = _prefetched.Count; left > 0; left--)
            {
                var next = _prefetched.Dequeue();
                if (next.Number >= first && next.Number <= last) returned.Add(next);
                else _prefetched.Enqueue(next);
            }
        }

        foreach (var (item, _, order) in returned) Return(item, order);
    }

    /// <summary>For whoever abandons the loop.</summary>
    private void ReturnAllPrefetched()
    {
        (WorkItem<TIn, TOut>? Item, ItemOrder Order) sending;
        using (Uninterrupted.Enter(_prefetchLock))
        {
            AssertPrefetched_NeedsLock();
            _mayNotPrefetch = true;
            sending = _sending;
            _sending = default;
        }

        OnReturned(0, long.MaxValue);
        if (sending.Item is not null) Return(sending.Item, sending.Order);
    }

    private void Return(WorkItem<TIn, TOut> item, ItemOrder order)
    {
        if (item.TryReturn()) _core.Return(item, order);
        else item.EndUnwanted();
    }

    [Conditional("DEBUG")]
    private void AssertPrefetched_NeedsLock()
    {
        if (_prefetched is null) return;
        var last = 0L;
        foreach (var (_, number, _) in _prefetched)
        {
            Debug.Assert(number > last, "prefetched tasks are in the order of their numbers");
            last = number;
        }
    }

    private readonly record struct PrefetchedItem(WorkItem<TIn, TOut> Item, long Number, ItemOrder Order);
}
