using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// The places, which loop is at which, and the tasks that only one place may run.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    private WorkerPlace<TIn, TOut>[] _places = [];                     // by index; it grows, under _lock, and is read anywhere

    public IReadOnlyList<int> Places
    {
        get
        {
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                return [.. _staying.Select(static loop => loop.Info.Index).Order()];
            }
        }
    }

    /// <summary>Every place that has ever had a worker, and perhaps others, by index.</summary>
    public WorkerPlace<TIn, TOut>[] AllPlaces => Volatile.Read(ref _places);

    /// <summary>The loops that have a worker or are making one, by index. Once the troupe has ended, those that were there at its
    /// end.</summary>
    public WorkerLoop<TIn, TOut>[] Loops
    {
        get
        {
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                var loops = new List<WorkerLoop<TIn, TOut>>(_places.Length);
                foreach (var place in _places)
                    if (place.Loop is { } loop) loops.Add(loop);
                return [.. loops];
            }
        }
    }

    public void ItemAddedFor(int place)
    {
        Schedule.Point();
        Interlocked.MemoryBarrier();
        if (LoopAt(place) is { } loop) loop.Unpark();
        else Fill(place);
    }

    /// <summary>The place has no loop. If tasks wait that only its worker may run, it gets one, or they end: there will be none.</summary>
    private void Fill(int place)
    {
        if (!_core.Queue.HasItemsFor(place)) return;
        WorkerLoop<TIn, TOut>? there, fresh = null;
        bool isRemoved;
        int count;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            there = LoopAt(place);
            isRemoved = place >= _most;
            if (there is null && !isRemoved && MayStart_NeedsLock) fresh = PutAt_NeedsLock(place);
            count = _staying.Count;
            Publish_NeedsLock();
        }

        if (fresh is not null)
        {
            Log.WorkerAdded(Logger, Name, place, count, fresh.Info.Count);
            StartLoop(fresh);
        }
        else if (there is not null)
        {
            there.Unpark();
        }
        else if (isRemoved)
        {
            EndItemsOf(place);
        }
    }

    private void EndItemsOf(int place)
    {
        foreach (var item in _core.Queue.TakeAllFor(place))
        {
            item.TryEndWaiting(Failure.Cancellation(
                $"The task was for worker {place} of '{Name}' alone, which has left: the troupe was resized to {Most}."));
        }
    }

    /// <summary>Empties the place of a loop that is gone, while the troupe goes on.</summary>
    /// <returns>Whether the troupe is ready: no worker of its start is left to be made.</returns>
    private bool Empty_NeedsLock(WorkerLoop<TIn, TOut> loop)
    {
        var place = _places[loop.Info.Index];
        place.Restarts = loop.Info.Restarts + (loop.HasMadeWorker ? 1 : 0);
        place.Loop = null;
        return loop.IsFirst && --_startsLeft == 0;
    }

    private WorkerLoop<TIn, TOut> PutAt_NeedsLock(int index, bool isFirst = false)
    {
        MakeRoomFor_NeedsLock(index + 1);
        var place = _places[index];
        var info = new WorkerInfo(Name, index, _most, place.Restarts);
        return Put_NeedsLock(place, new WorkerLoop<TIn, TOut>(_core, this, info, place.Counts, before: null, isFirst));
    }

    private WorkerLoop<TIn, TOut> Put_NeedsLock(WorkerPlace<TIn, TOut> place, WorkerLoop<TIn, TOut> loop)
    {
        place.Loop = loop;
        _present.Add(loop);
        _staying.Add(loop);
        if (loop.StartFailure is null) _awaited.Add(loop);
        return loop;
    }

    private void MakeRoomFor_NeedsLock(int count)
    {
        var places = _places;
        if (places.Length >= count) return;
        var more = new WorkerPlace<TIn, TOut>[Math.Max(count, Math.Min(_most, places.Length * 2))];
        places.CopyTo(more, 0);
        for (var index = places.Length; index < more.Length; index++) more[index] = new WorkerPlace<TIn, TOut>();
        Volatile.Write(ref _places, more);
    }

    private WorkerLoop<TIn, TOut>? LoopAt(int index)
    {
        var places = Volatile.Read(ref _places);
        return index < places.Length ? places[index].Loop : null;
    }

    private WorkerLoop<TIn, TOut> PutInPlaceOf_NeedsLock(WorkerLoop<TIn, TOut> loop)
    {
        var info = loop.Info with { Restarts = loop.Info.Restarts + 1, Count = _most };
        var place = _places[info.Index];
        return Put_NeedsLock(place, new WorkerLoop<TIn, TOut>(_core, this, info, place.Counts, before: loop, loop.IsFirst));
    }

    private void Forget_NeedsLock(WorkerLoop<TIn, TOut> loop)
    {
        _present.Remove(loop);
        NoLongerLives_NeedsLock(loop);
        _staying.Remove(loop);
        _awaited.Remove(loop);
        _leaving.Remove(loop);
    }
}
