using System.Runtime.CompilerServices;
using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// Tasks that are handed to a worker elsewhere ahead of their start. They were taken from the channel and still wait: for the gate, for
/// whoever looks at them, and for Cancel, which asks for them back.
/// </summary>
/// <remarks>
/// Tasks are handed only while one is running, and are started, in order, when the one before has ended. What the worker gives back, or
/// loses by dying, goes back to its place in the queue, where any worker takes it.
/// Who owns what: a task in Handed, or HandedUnwanted, belongs to whoever takes it out of _handed or out of _handing, under the lock. That
/// is the loop, which alone adds, hands and starts, and inside whose wait for an outcome tasks come back; or, once, whoever
/// gives the loop up: it empties both, and what the loop may still be handing then (a serializer that hangs) is not sent any more.
/// </remarks>
#pragma warning disable CA1001 // As in WorkerLoop.cs.
internal sealed partial class WorkerLoop<TIn, TOut>
#pragma warning restore CA1001
{
    private readonly Queue<(WorkItem<TIn, TOut> Item, long Number, long Place)> _handed = new();   // guarded by the lock on itself
    private (WorkItem<TIn, TOut>? Item, long Place) _handing;   // guarded by the lock on _handed: what is being written just now
    private IAheadWorker<TIn, TOut>? _ahead;                    // _worker, if it is one
    private bool _hasRested = true;                             // since its last task

    private long TasksOfThisWorker => _ahead?.TasksEnded ?? _tasksOfThisWorker;

    public void RecallHanded() => (Remote as IAheadWorker<TIn, TOut>)?.Recall();

    /// <summary>While its worker is being replaced the loop takes no task: another may have time for it. False if there will be no worker.</summary>
    private async ValueTask<bool> TryWaitUntilReadyAsync()
    {
        _queue.Idle.EndSearch(_rest);   // somebody else is to look for work
        return await _ahead!.TryWaitUntilReadyAsync(_queue.Completion);
    }

    private bool TryTakeHanded(out WorkItem<TIn, TOut>? item, out long number)
    {
        lock (_handed)
        {
            var found = _handed.TryDequeue(out var first);
            (item, number, _) = first;
            return found;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CallAheadAsync(WorkItem<TIn, TOut> item, TIn argument, long number)
    {
        TOut value;
        try
        {
            if (number == 0)
            {
                await _ahead!.ReadyAsync(_cancellation.Token);
                number = _ahead.Hand(argument, item.Activity);
            }

            // A worker that died while it rested is known by the task that it never read; to see that, it must be one.
            if (!_hasRested) ReachAhead();
            _hasRested = false;
            _ahead!.Flush();
            value = await _ahead.OutcomeAsync(number, argument, item.Activity, _cancellation.Token);
        }
        catch (Exception e)
        {
            Ended(item, e);
            return;
        }

        Ended(item, value);
    }

    /// <summary>Hands on what waits, as far as the worker reaches, but no more than its share of it.</summary>
    private void ReachAhead()
    {
        var reach = Math.Min(_ahead!.Reach, _troupe.MaxTasksPerWorker - TasksOfThisWorker - 1);
        var count = _handed.Count;   // who gives the loop up may empty it meanwhile: then nothing is sent any more
        if (reach <= 0 || count > reach / 2) return;
        for (var share = Math.Min(reach - count, _queue.Count / _troupe.Workers); share > 0 && TryTakeToHand(out var item, out var place); share--)
            if (!TryHand(item!, place)) return;
    }

    private bool TryTakeToHand(out WorkItem<TIn, TOut>? item, out long place)
    {
        Volatile.Write(ref _isTaking, true);
        var found = _queue.TryTakeToHand(out item, out place);
        Volatile.Write(ref _isTaking, false);
        return found;
    }

    /// <summary>False if there is no room, or no time: the item is back in the queue.</summary>
    private bool TryHand(WorkItem<TIn, TOut> item, long place)
    {
        var argument = item.Argument;
        lock (_handed)
        {
            if (!item.TryHand()) return true;
            _handing = (item, place);
        }

        long number = 0;
        Exception? fault = null;
        try
        {
            // Not after a verdict. One that comes from here on asks for what is handed, or finds it when it is started.
            if (_troupe.Verdict is null) number = _ahead!.Hand(argument, item.Activity);
        }
        catch (Exception e)
        {
            fault = e;
        }

        lock (_handed)
        {
            if (_handing.Item is null) return false;   // the loop was given up meanwhile, and the item with it
            _handing = default;
            if (number != 0) _handed.Enqueue((item, number, place));
        }

        if (fault is not null) item.EndHanded(Failure.Fault(fault));
        else if (number == 0) TakeBack(item, place);
        return fault is not null || number != 0;
    }

    private void OnReturned(long first, long last)
    {
        List<(WorkItem<TIn, TOut> Item, long Place)> returned = [];
        lock (_handed)
        {
            for (var left = _handed.Count; left > 0; left--)
            {
                var handed = _handed.Dequeue();
                if (handed.Number >= first && handed.Number <= last) returned.Add((handed.Item, handed.Place));
                else _handed.Enqueue(handed);
            }
        }

        foreach (var (item, place) in returned) TakeBack(item, place);
    }

    /// <summary>For whoever gives the loop up.</summary>
    private void TakeAllBack()
    {
        (WorkItem<TIn, TOut>? Item, long Place) handing;
        lock (_handed)
        {
            handing = _handing;
            _handing = default;
        }

        OnReturned(0, long.MaxValue);
        if (handing.Item is not null) TakeBack(handing.Item, handing.Place);
    }

    private void TakeBack(WorkItem<TIn, TOut> item, long place)
    {
        if (!item.TryTakeBack())
        {
            item.EndHanded(Failure.Cancellation("The task was cancelled before it had started."));
            return;
        }

        _queue.Return(item, place);
        // As at the entrance: a verdict is set first and the queue is looked through afterwards.
        if (_troupe.Verdict is { } verdict) _troupe.EndQueued(verdict);
    }
}
