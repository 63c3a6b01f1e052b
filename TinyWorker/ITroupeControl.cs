namespace TinyWorker;

/// <summary>
/// What an operator may do to a troupe while it runs. A <see cref="TinyTroupe{TIn, TOut}"/> has it; a dashboard asks a troupe for it.
/// Thread-safe.
/// </summary>
public interface ITroupeControl
{
    /// <summary>How many workers the troupe may have now.</summary>
    int Workers { get; }

    /// <summary>Whether it is paused.</summary>
    bool IsPaused { get; }

    /// <summary>Starts no other task until <see cref="Resume"/>. What runs goes on.</summary>
    void Pause();

    /// <summary>Ends a pause.</summary>
    void Resume();

    /// <summary>Changes how many workers there may be.</summary>
    /// <param name="workers">At least 1, and at least <see cref="TinyTroupeOptions.MinWorkers"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are too few.</exception>
    void Resize(int workers);

    /// <summary>Puts another worker in the place of one, once its task has ended.</summary>
    /// <param name="index">Which worker, from 0; see <see cref="WorkerSnapshot.Index"/>.</param>
    /// <returns>False if no worker that lives is at that place, or the troupe takes no more work.</returns>
    bool RecycleWorker(int index);

    /// <summary>Asks a task to stop, as <see cref="TinyFuture{T}.Cancel"/> does.</summary>
    /// <param name="task">What a watch of this troupe has seen; see <see cref="TroupeObservation.LongestRunning"/>.</param>
    /// <returns>False if its worker does not run that very task any more.</returns>
    bool Cancel(RunningTask task);
}
