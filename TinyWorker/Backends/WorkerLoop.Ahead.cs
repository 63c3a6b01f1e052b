using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Backends;

/// <summary>
/// Tasks that are handed to a worker elsewhere ahead of their start. They were taken from the channel and still wait: for the gate, for
/// whoever looks at them, and for Cancel, which asks for them back.
/// </summary>
/// <remarks>
/// Tasks are handed only while one is running, and are started, in order, when the one before has ended. What the worker gives back, or
/// loses by dying, goes to the front of the queue, where any worker takes it. The lock is for a loop that is given up and never
/// comes back: what it had handed is returned by whoever gives it up.
/// </remarks>
#pragma warning disable CA1001 // As in WorkerLoop.cs.
internal sealed partial class WorkerLoop<TIn, TOut>
#pragma warning restore CA1001
{
    private readonly Queue<(WorkItem<TIn, TOut> Item, long Number)> _handed = new();   // guarded by the lock on itself
    private IAheadWorker<TIn, TOut>? _ahead;   // _worker, if it is one

    public void RecallHanded() => (Volatile.Read(ref _worker) as IAheadWorker<TIn, TOut>)?.Recall();

    private bool TryTakeHanded(out WorkItem<TIn, TOut>? item, out long number)
    {
        lock (_handed)
        {
            var found = _handed.TryDequeue(out var first);
            (item, number) = first;
            return found;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CallAheadAsync(WorkItem<TIn, TOut> item, TIn argument, long number)
    {
        TOut value;
        try
        {
            if (item.Activity is { } activity) TinyWorkerActivity.Enter(activity);
            if (number == 0)
            {
                await _ahead!.ReadyAsync(_cancellation.Token);
                number = _ahead.Hand(argument);
            }

            ReachAhead();
            await _ahead!.FlushAsync();
            value = await _ahead.OutcomeAsync(number, argument, _cancellation.Token);
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
        var reach = Math.Min(_ahead!.Reach, _troupe.MaxTasksPerWorker - _tasksOfThisWorker - 1);
        var count = _handed.Count;
        if (reach <= 0 || count > reach / 2) return;
        for (var share = Math.Min(reach - count, _queue.Count / _troupe.Workers); share > 0 && TryTakeOnce(out var item); share--)
            if (!TryHand(item!)) return;
    }

    /// <summary>False if there is no room: the item is back in the queue.</summary>
    private bool TryHand(WorkItem<TIn, TOut> item)
    {
        var argument = item.Argument;
        if (!item.TryHand()) return true;
        try
        {
            var number = _ahead!.Hand(argument);
            if (number == 0)
            {
                TakeBack(item);
                return false;
            }

            lock (_handed) _handed.Enqueue((item, number));
        }
        catch (Exception e)
        {
            item.EndHanded(Failure.Fault(e));
        }

        return true;
    }

    private void OnReturned(long first, long last)
    {
        List<WorkItem<TIn, TOut>> returned = [];
        lock (_handed)
        {
            for (var left = _handed.Count; left > 0; left--)
            {
                var handed = _handed.Dequeue();
                if (handed.Number >= first && handed.Number <= last) returned.Add(handed.Item);
                else _handed.Enqueue(handed);
            }
        }

        returned.ForEach(TakeBack);
    }

    private void TakeBack(WorkItem<TIn, TOut> item)
    {
        if (!item.TryTakeBack())
        {
            item.EndHanded(Failure.Cancellation("The task was cancelled before it had started."));
            return;
        }

        _queue.Return(item);
        // As at the entrance: a verdict is set first and the queue is looked through afterwards.
        if (_troupe.Verdict is { } verdict) _troupe.EndQueued(verdict);
    }
}
