using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// The channel between submitters and workers. It is unbounded, because the gate in front of it keeps the bound. It is only ever
/// tried, never waited on and never given a token: a bounded channel on .NET 10 loses items and wake-ups
/// (dotnet/runtime#132094, dotnet/runtime#131141), and an unbounded one wakes every waiting reader at each write.
/// </summary>
/// <remarks>
/// Most items go through the channel. Beside it, under the lock _beside, are the others: those that have a priority, or were taken and came
/// back, in one order with the channel, whose items have priority 0 and are the youngest; and those that only one worker may take
/// (<see cref="OwnItems{TItem}"/>). A worker takes the item with the largest priority; among equals it takes turns between its own and
/// everybody's. While no item is beside the channel, a worker reads one number to know that.
/// A task that is cancelled while it waits stays in the queue as a tombstone until a worker passes over it, and that may take long.
/// So the channel is replaced when tombstones are many: it is completed, so that nobody adds to it. It looks empty to the workers,
/// and those that are taking an item now are waited for. Its items move to a fresh channel, in order. Then the fresh channel takes its
/// place, submitters that wanted to add meanwhile add there, and a worker is woken for the items that it could not see.
/// A paused queue looks empty to the workers: whoever resumes it wakes a worker, and those that have items of their own.
/// </remarks>
internal sealed class WorkQueue<TItem>
    where TItem : class, IQueuedItem
{
    private const int FewTombstones = 1024;

    private readonly Lock _beside = new();
    private PriorityQueue<TItem, ItemOrder>? _ordered;                   // guarded by _beside; made when it is first needed
    private readonly OwnItems<TItem> _own;                               // guarded by _beside
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);   // set once
    private readonly Lock _replacing = new();
    private Channel<TItem> _channel = Channel.CreateUnbounded<TItem>();   // replaced under _replacing
    private bool _isMoving;                                               // written under _replacing: the channel looks empty
    private bool _isPaused;                                               // the whole queue looks empty
    private int _orderedCount;                                            // of _ordered; written under _beside
    private int _besideCount;                                             // of _ordered and _own; written under _beside
    private long _lastPlace;                                              // guarded by _beside
    private long _lastPutBack = long.MinValue;                            // guarded by _beside
    private bool _completed;                                              // written under _replacing; set once

    /// <param name="places">How many workers there may be at first.</param>
    /// <param name="mayGetMore">Whether a worker that finds no item should look at what is in front of the queue; null for never.</param>
    public WorkQueue(int places = 1, Func<bool>? mayGetMore = null)
    {
        _own = new OwnItems<TItem>(places);
        Idle = new IdleWorkers(() => HasItems || mayGetMore?.Invoke() == true);
    }

    public IdleWorkers Idle { get; }

    /// <summary>Whether there is an item that any worker may take.</summary>
    // Not TryPeek: a ConcurrentQueue that was peeked at keeps what is dequeued afterwards in its slots, and with it every finished task.
    public bool HasItems => Count > 0 && !IsPaused;

    /// <summary>How many items there are that any worker may take, tombstones included.</summary>
    public int Count => CountOf(Volatile.Read(ref _channel)) + Volatile.Read(ref _orderedCount);

    /// <summary>Nothing will be added any more. The items in it may still be taken.</summary>
    public bool IsCompleted => Volatile.Read(ref _completed);

    /// <summary>Whether no item can be taken although there may be some.</summary>
    public bool IsPaused => Volatile.Read(ref _isPaused);

    /// <summary>Ends when the queue is completed.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Whether there is an item that only the worker at this place may take.</summary>
    public bool HasItemsFor(int place, bool evenIfPaused = false)
    {
        if (Volatile.Read(ref _besideCount) == 0 || (IsPaused && !evenIfPaused)) return false;
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var hasItems = _own.HasFor(place);
            Publish_NeedsLock();
            return hasItems;
        }
    }

    /// <summary>Adds an item that asks for nothing.</summary>
    public void Add(TItem item)
    {
        Schedule.Point();
        while (!TryWrite(Volatile.Read(ref _channel), item))
        {
            Schedule.Point();
            // The channel is being replaced. Or it is completed, which it is only when no task waits: then this is a late tombstone.
            using (Uninterrupted.Enter(_replacing))
            {
                AssertReplacing_NeedsLock();
                if (_completed) return;
            }
        }

        NoticeAdded();
    }

    /// <summary>Adds an item that asks for something.</summary>
    /// <returns>The place whose worker is to be told; <see cref="SubmitTerms.NoPlace"/> if any worker may take it.</returns>
    public int AddBeside(TItem item)
    {
        var place = SubmitTerms.NoPlace;
        var terms = item.Terms!;
        if (IsCompleted) return place;   // a late tombstone, as above
        Schedule.Point();
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            if (terms.IsForOneWorker) place = _own.Add(item, ++_lastPlace);
            else Ordered_NeedsLock.Enqueue(item, new ItemOrder(terms.Priority, ++_lastPlace));
            Publish_NeedsLock();
        }

        if (place == SubmitTerms.NoPlace) NoticeAdded();
        return place;
    }

    /// <summary>Takes the next item for the worker at this place.</summary>
    public bool TryTake(int place, [NotNullWhen(true)] out TItem? item)
    {
        item = null;
        if (IsPaused) return false;
        if (Volatile.Read(ref _besideCount) == 0) return TryTakeFromChannel(out item);
        Schedule.Point();
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var found = (HasTurnForOwn_NeedsLock(place) && _own.TryTake(place, out item))
                || TryTakeCommon_NeedsLock(out item, out _, least: int.MinValue)
                || _own.TryTake(place, out item);   // others were faster
            Publish_NeedsLock();
            return found;
        }
    }

    /// <summary>Takes an item that may have to be returned.</summary>
    /// <param name="item">The item. Not one that others are to go before, and none that has a worker of its own.</param>
    /// <param name="order">Where the item belongs among those that were taken so.</param>
    public bool TryTakeToPrefetch([NotNullWhen(true)] out TItem? item, out ItemOrder order)
    {
        item = null;
        order = default;
        if (IsPaused) return false;
        // Under the lock even if nothing is beside the channel: so the places are in the order of the channel.
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            return TryTakeCommon_NeedsLock(out item, out order, least: 0);
        }
    }

    /// <summary>
    /// Takes back an item that was prefetched and has not begun. It goes before the items of the channel, which are younger.
    /// </summary>
    public void Return(TItem item, ItemOrder order)
    {
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            Ordered_NeedsLock.Enqueue(item, order);
            Publish_NeedsLock();
        }

        NoticeAdded();
    }

    /// <summary>
    /// Takes back an item that has begun, and is to be run again. It goes before all of its priority that have not begun, or of its key,
    /// behind those that were put back before it.
    /// </summary>
    /// <returns>As from <see cref="AddBeside"/>.</returns>
    public int PutBack(TItem item)
    {
        var place = SubmitTerms.NoPlace;
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            if (item.Terms is { IsForOneWorker: true }) place = _own.PutBack(item);
            else Ordered_NeedsLock.Enqueue(item, new ItemOrder(item.Terms?.Priority ?? 0, ++_lastPutBack));
            Publish_NeedsLock();
        }

        if (place == SubmitTerms.NoPlace) NoticeAdded();
        return place;
    }

    /// <summary>A task with a key has ended, after it was taken or while it waited: the next with its key may run.</summary>
    /// <returns>As from <see cref="AddBeside"/>: the place whose worker is to be told.</returns>
    public int Release(TItem item)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var place = _own.Release(item);
            Publish_NeedsLock();
            return place;
        }
    }

    /// <summary>Takes an item that is not to run any more, whoever might take it, also while the queue is paused.</summary>
    public bool TryTakeToEnd([NotNullWhen(true)] out TItem? item)
    {
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            return TryTakeCommon_NeedsLock(out item, out _, least: int.MinValue);
        }
    }

    /// <summary>Takes all items that only one worker may take: they are not to run any more.</summary>
    public List<TItem> TakeOwnToEnd()
    {
        if (Volatile.Read(ref _besideCount) == 0) return [];
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var taken = _own.TakeAll();
            Publish_NeedsLock();
            return taken;
        }
    }

    /// <summary>Takes the items without a key that only the worker at this place may take: there will be none.</summary>
    public List<TItem> TakeAllFor(int place)
    {
        if (Volatile.Read(ref _besideCount) == 0) return [];
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var taken = _own.TakeAllFor(place);
            Publish_NeedsLock();
            return taken;
        }
    }

    /// <summary>There may be so many workers from now on: the keys that belong elsewhere now go there.</summary>
    /// <returns>The places that have items of their own: their workers are to be told.</returns>
    public List<int> Resize(int places)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var hasItems = _own.Resize(places);
            Publish_NeedsLock();
            return hasItems;
        }
    }

    /// <summary>The queue looks empty from now on. A worker that is taking an item may not have seen that.</summary>
    public void Pause() => Interlocked.Exchange(ref _isPaused, true);

    /// <summary>The items can be taken again.</summary>
    /// <returns>The places that have items of their own: their workers are to be told.</returns>
    public List<int> Resume()
    {
        Interlocked.Exchange(ref _isPaused, false);
        Idle.ItemAdded();
        if (Volatile.Read(ref _besideCount) == 0) return [];
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            var places = _own.Places();
            Publish_NeedsLock();
            return places;
        }
    }

    /// <summary>Removes the tombstones if there are many more of them than of waiting items.</summary>
    /// <returns>Whether there were.</returns>
    public bool TryDropTombstones(Func<int> waiting, Action waitForTakers)
    {
        var hasDropped = TryDropBeside(waiting);
        if (!HasManyTombstones(CountOf(Volatile.Read(ref _channel)), waiting)) return hasDropped;
        Schedule.Point();
        using (Uninterrupted.Enter(_replacing))
        {
            AssertReplacing_NeedsLock();
            if (_completed || !HasManyTombstones(CountOf(_channel), waiting)) return hasDropped;
            var fresh = Channel.CreateUnbounded<TItem>();
            _channel.Writer.Complete();
            Volatile.Write(ref _isMoving, true);
            waitForTakers();
            while (TryRead(_channel, out var item))
                if (!item.IsEnding) TryWrite(fresh, item);
            Volatile.Write(ref _channel, fresh);
            Volatile.Write(ref _isMoving, false);
        }

        Idle.ItemAdded();
        return true;
    }

    public void Complete()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_replacing))
        {
            AssertReplacing_NeedsLock();
            Volatile.Write(ref _completed, true);
            _channel.Writer.TryComplete();
        }

        Idle.Close();
        _completion.TrySetResult();
    }

    // A paused queue wakes nobody. Whoever resumes it says so first, and wakes a worker afterwards: either that worker sees the item, or
    // the second look here sees that the pause is over.
    private void NoticeAdded()
    {
        if (IsPaused)
        {
            Interlocked.MemoryBarrier();
            if (IsPaused) return;
        }

        Idle.ItemAdded();
    }

    /// <summary>Whether the worker's own first item goes before everybody's.</summary>
    private bool HasTurnForOwn_NeedsLock(int place)
    {
        if (!_own.TryPeek(place, out var own)) return false;
        if (!TryPeekCommon_NeedsLock(out var priority)) return true;
        return own.Priority != priority ? own.Priority > priority : _own.TakeTurn(place);
    }

    private bool TryPeekCommon_NeedsLock(out int priority)
    {
        var isBeside = Ordered_NeedsLock.TryPeek(out _, out var first);
        priority = isBeside ? first.Priority : 0;
        if (isBeside && priority >= 0) return true;
        if (CountOf(Volatile.Read(ref _channel)) == 0) return isBeside;
        priority = 0;
        return true;
    }

    // What was returned or put back is older than what is in the channel.
    private bool TryTakeCommon_NeedsLock([NotNullWhen(true)] out TItem? item, out ItemOrder order, int least)
    {
        var isBeside = Ordered_NeedsLock.TryPeek(out item, out order);
        if (!isBeside || order.Priority < 0)
        {
            if (TryTakeFromChannel(out item))
            {
                order = new ItemOrder(0, ++_lastPlace);
                return true;
            }

            if (!isBeside || order.Priority < least) return false;
        }

        item = Ordered_NeedsLock.Dequeue();
        Publish_NeedsLock();
        return true;
    }

    // Most troupes have no such items, and a new worker process would compile the queue's code for them.
    private PriorityQueue<TItem, ItemOrder> Ordered_NeedsLock => _ordered ??= new PriorityQueue<TItem, ItemOrder>();

    private int CountOfOrdered_NeedsLock => _ordered?.Count ?? 0;

    private void Publish_NeedsLock()
    {
        Volatile.Write(ref _orderedCount, CountOfOrdered_NeedsLock);
        Volatile.Write(ref _besideCount, CountOfOrdered_NeedsLock + _own.Count);
    }

    private bool TryTakeFromChannel([NotNullWhen(true)] out TItem? item)
    {
        item = null;
        return !Volatile.Read(ref _isMoving) && TryRead(Volatile.Read(ref _channel), out item);
    }

    // A channel takes locks of its own before it does anything. If the thread is interrupted there, the step is made again: no accepted
    // item may be lost. A catch costs nothing where nothing is thrown.
    private static bool TryWrite(Channel<TItem> channel, TItem item)
    {
        try
        {
            return channel.Writer.TryWrite(item);
        }
        catch (ThreadInterruptedException)
        {
            var isWritten = Uninterrupted.Run(static step => step.channel.Writer.TryWrite(step.item), (channel, item));
            Interruption.PutBack();
            return isWritten;
        }
    }

    private static bool TryRead(Channel<TItem> channel, [NotNullWhen(true)] out TItem? item)
    {
        try
        {
            return channel.Reader.TryRead(out item);
        }
        catch (ThreadInterruptedException)
        {
            item = Uninterrupted.Run(static channel => channel.Reader.TryRead(out var item) ? item : null, channel);
            Interruption.PutBack();
            return item is not null;
        }
    }

    private static int CountOf(Channel<TItem> channel)
    {
        try
        {
            return channel.Reader.Count;
        }
        catch (ThreadInterruptedException)
        {
            var count = Uninterrupted.Run(static channel => channel.Reader.Count, channel);
            Interruption.PutBack();
            return count;
        }
    }

    private bool TryDropBeside(Func<int> waiting)
    {
        if (!HasManyTombstones(Volatile.Read(ref _besideCount), waiting)) return false;
        using (Uninterrupted.Enter(_beside))
        {
            AssertBeside_NeedsLock();
            _own.DropTombstones();
            var living = Ordered_NeedsLock.UnorderedItems.Where(static entry => !entry.Element.IsEnding).ToArray();
            Ordered_NeedsLock.Clear();
            Ordered_NeedsLock.EnqueueRange(living);
            Publish_NeedsLock();
        }

        return true;
    }

    private static bool HasManyTombstones(int count, Func<int> waiting)
    {
        var few = Schedule.Scale(FewTombstones, 1);
        return count > few && count > few + (2 * (long)waiting());
    }

    [Conditional("DEBUG")]
    private void AssertReplacing_NeedsLock() => Debug.Assert(!_isMoving, "the channel is replaced under the lock");

    [Conditional("DEBUG")]
    private void AssertBeside_NeedsLock()
    {
        Debug.Assert(_orderedCount == CountOfOrdered_NeedsLock, "takers read how many items are in order");
        Debug.Assert(_besideCount == CountOfOrdered_NeedsLock + _own.Count, "takers read how many items are beside the channel");
        _own.AssertInvariants_NeedsLock();
    }
}
