namespace TinyWorker.Streaming;

/// <summary>
/// The items of a map that were read and not yet yielded: at most <c>size</c>. It belongs to the one who enumerates; only
/// <see cref="OnEnded"/> is called from elsewhere, once for each watched item, where its task ends.
/// </summary>
internal abstract class MapWindow<TIn, TOut>(int size, ProgressReporter? progress)
{
    /// <summary>Set when there may be something to take, and by whoever else wants the consumer to look.</summary>
    public Signal Signal { get; } = new();

    public int Size => size;

    public abstract int Count { get; }

    /// <summary>What the map waits for just now. Written by the one who enumerates, for whoever looks on.</summary>
    public MapWait WaitsFor { get; set; }

    public bool HasRoom => Count < size;

    /// <summary>Whether <see cref="TryTake"/> would find one.</summary>
    public abstract bool HasReady { get; }

    /// <summary>All that is in it.</summary>
    public abstract IEnumerable<MapItem<TIn, TOut>> Items { get; }

    public void Add(MapItem<TIn, TOut> item)
    {
        Keep(item);
        if (progress is not null) item.Watch();
    }

    /// <summary>Takes out the next item to yield, if its task has ended.</summary>
    public abstract MapItem<TIn, TOut>? TryTake();

    /// <summary>To be called before the signal is waited for: it will be set when there is something to take.</summary>
    /// <param name="hold">How much more there may be to take by then.</param>
    public abstract void PrepareToWait(int hold = 0);

    public void OnEnded(MapItem<TIn, TOut> item)
    {
        progress?.Count(item.Future.FailureOrNull is not null);
        Tell(item);
    }

    /// <summary>The map is being left: what has not ended yet, and fails from now on, fails because it is not wanted any more.</summary>
    public void Leave()
    {
        if (progress is null) return;
        progress.Leave();   // first: the last report never tells less than one before
        foreach (var item in Items)
            if (item.Future.IsCompleted) Tally(item);
    }

    /// <summary>An item of a map that was left has ended.</summary>
    public void Left(MapItem<TIn, TOut> item)
    {
        if (item.Future.FailureOrNull is null) Tally(item);
    }

    /// <summary>To be called for an item that has ended and leaves the window.</summary>
    protected void Tally(MapItem<TIn, TOut> item)
    {
        if (progress is null || item.IsTallied) return;
        item.IsTallied = true;
        progress.Tally(item.Future.FailureOrNull is not null);
    }

    protected abstract void Keep(MapItem<TIn, TOut> item);

    protected abstract void Tell(MapItem<TIn, TOut> item);
}
