using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// The channel between submitters and workers. It is unbounded, because the gate in front of it keeps the bound, and it is only ever
/// tried, never waited on and never given a token: a bounded channel on .NET 10 loses items and wake-ups
/// (dotnet/runtime#132094, dotnet/runtime#131141), and an unbounded one wakes every waiting reader at each write.
/// </summary>
/// <remarks>
/// A task that is cancelled while it waits stays in the channel as an empty shell until a worker passes over it, and no worker may come for
/// long. So where shells are many the channel is replaced: it is completed, so that nobody adds to it; it looks empty to the workers,
/// and those that are just taking an item are waited for; what is in it moves on to a fresh one, in order; then the fresh one takes its
/// place, who wanted to add meanwhile adds there, and a worker is woken for those that found nothing.
/// </remarks>
internal sealed class WorkQueue<TItem>
    where TItem : class
{
    private const int FewShells = 1024;

    private readonly PriorityQueue<TItem, long> _returned = new();   // guarded by the lock on itself: what was taken to be handed and came back
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _replacing = new();
    private Channel<TItem> _channel = Channel.CreateUnbounded<TItem>();   // replaced under _replacing
    private bool _isMoving;                                               // written under _replacing: the channel looks empty
    private int _returnedCount;                                           // of _returned; written under its lock
    private long _lastTakenToHand;                                        // guarded by the lock on _returned
    private bool _completed;                                              // written under _replacing; set once

    public WorkQueue() => Idle = new IdleWorkers(() => HasItems);

    public IdleWorkers Idle { get; }

    // Not TryPeek: a ConcurrentQueue that was peeked at leaves what is dequeued afterwards in its slots, and with it every finished task.
    public bool HasItems => Count > 0;

    /// <summary>How much there is to take, shells included.</summary>
    public int Count => Volatile.Read(ref _channel).Reader.Count + Volatile.Read(ref _returnedCount);

    /// <summary>Nothing will be added any more. What is in it may still be taken.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed);

    /// <summary>Ends when it is completed.</summary>
    public Task Completion => _completion.Task;

    public void Add(TItem item)
    {
        Schedule.Point();
        while (!Volatile.Read(ref _channel).Writer.TryWrite(item))
        {
            Schedule.Point();
            // It is being replaced; or it is completed, which it only is when nobody waits: then this is a shell that came late.
            lock (_replacing)
            {
                if (_completed) return;
            }
        }

        Idle.ItemAdded();
    }

    public bool TryTake([NotNullWhen(true)] out TItem? item)
    {
        if (Volatile.Read(ref _returnedCount) > 0)
        {
            lock (_returned)
            {
                if (TryTakeReturned_NeedsLock(out item, out _)) return true;
            }
        }

        return TryTakeFromChannel(out item);
    }

    /// <summary>Takes an item that may have to be returned.</summary>
    /// <param name="item">The item.</param>
    /// <param name="place">Where it belongs among those that were taken so.</param>
    public bool TryTakeToHand([NotNullWhen(true)] out TItem? item, out long place)
    {
        // Under the lock even where nothing was returned: so the places are in the order of the channel.
        lock (_returned)
        {
            if (TryTakeReturned_NeedsLock(out item, out place)) return true;
            place = ++_lastTakenToHand;
            return TryTakeFromChannel(out item);
        }
    }

    /// <summary>Takes back what was taken to be handed and has not started. It goes where it was: before what is in the channel, which is younger.</summary>
    public void Return(TItem item, long place)
    {
        lock (_returned)
        {
            _returned.Enqueue(item, place);
            Volatile.Write(ref _returnedCount, _returned.Count);
        }

        Idle.ItemAdded();
    }

    /// <summary>Lets go of the shells if there are many more of them than of what still waits.</summary>
    /// <returns>Whether there were.</returns>
    public bool TryDropShells(Func<int> waiting, Func<TItem, bool> isShell, Action waitForTakers)
    {
        if (!HasManyShells(waiting)) return false;
        Schedule.Point();
        lock (_replacing)
        {
            if (_completed || !HasManyShells(waiting)) return false;
            var fresh = Channel.CreateUnbounded<TItem>();
            _channel.Writer.Complete();
            Volatile.Write(ref _isMoving, true);
            waitForTakers();
            while (_channel.Reader.TryRead(out var item))
                if (!isShell(item)) fresh.Writer.TryWrite(item);
            Volatile.Write(ref _channel, fresh);
            Volatile.Write(ref _isMoving, false);
        }

        Idle.ItemAdded();
        return true;
    }

    public void Complete()
    {
        Schedule.Point();
        lock (_replacing)
        {
            Volatile.Write(ref _completed, true);
            _channel.Writer.TryComplete();
        }

        Idle.Close();
        _completion.TrySetResult();
    }

    private bool TryTakeReturned_NeedsLock([NotNullWhen(true)] out TItem? item, out long place)
    {
        var found = _returned.TryDequeue(out item, out place);
        if (found) Volatile.Write(ref _returnedCount, _returned.Count);
        return found;
    }

    private bool TryTakeFromChannel([NotNullWhen(true)] out TItem? item)
    {
        item = null;
        return !Volatile.Read(ref _isMoving) && Volatile.Read(ref _channel).Reader.TryRead(out item);
    }

    private bool HasManyShells(Func<int> waiting)
    {
        var count = Volatile.Read(ref _channel).Reader.Count;
        var few = Schedule.Scale(FewShells, 1);
        return count > few && count > few + 2 * (long)waiting();
    }
}
