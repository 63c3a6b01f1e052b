namespace TinyWorker.Workers;

/// <summary>
/// One place for a worker. It lasts as long as the troupe, also while no worker is there: it keeps how the tasks at it ended, and how many
/// workers it has had.
/// </summary>
internal sealed class WorkerPlace<TIn, TOut>
{
    private WorkerLoop<TIn, TOut>? _loop;   // written under the lock of WorkerLoops, read anywhere

    public OutcomeCounts Counts { get; } = new();

    /// <summary>How many workers came before the next one. Guarded by the lock of WorkerLoops.</summary>
    public int Restarts { get; set; }

    /// <summary>The loop at this place, until its worker is gone; null if the place is empty.</summary>
    public WorkerLoop<TIn, TOut>? Loop
    {
        get => Volatile.Read(ref _loop);
        set => Volatile.Write(ref _loop, value);
    }
}
