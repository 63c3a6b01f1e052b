namespace TinyWorker;

public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <summary>
    /// Changes how many workers the troupe may have, while it runs. If there may be more, they are made: at once, or on demand where
    /// <see cref="TinyTroupeOptions.MinWorkers"/> is set. If there may be fewer, those with the highest indexes leave, each when its task
    /// has ended, and are disposed where they lived. No task is lost: what had been handed to a worker that leaves goes to the others.
    /// </summary>
    /// <remarks>
    /// Thread-safe; may be called from anywhere, also inside a worker. Waits for no task and no worker; an inline troupe makes and disposes
    /// workers inside the call. If the size changes again before a worker has left, it may stay. A place is used again only when the worker
    /// that left it is gone. A worker that is made later and cannot be made does not break the troupe: it is tried again. Tasks of
    /// <see cref="SubmitToEach"/> run before their worker leaves, or end cancelled if there is none any
    /// more: it could not be made, was lost, or has run its <see cref="TinyTroupeOptions.MaxTasksPerWorker"/>. Once the troupe has ended,
    /// nothing changes.
    /// </remarks>
    /// <param name="workers">How many workers, at the most: from 1, or from <see cref="TinyTroupeOptions.MinWorkers"/>, to 65,536.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of range.</exception>
    public void Resize(int workers)
    {
        if (workers is < 1 or > TinyTroupeOptions.MostWorkers)
            throw new ArgumentOutOfRangeException(nameof(workers), workers, "The number of workers must be from 1 to 65,536.");
        if (workers < _core.Settings.MinWorkers)
        {
            throw new ArgumentOutOfRangeException(
                nameof(workers), workers,
                $"The number of workers of '{Name}' must not be below its MinWorkers, which is {_core.Settings.MinWorkers}. " +
                "Make the troupe with a smaller TinyTroupeOptions.MinWorkers.");
        }

        _troupe.Loops.Resize(workers);
        GC.KeepAlive(this);
    }
}
