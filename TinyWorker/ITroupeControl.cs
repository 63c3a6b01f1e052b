namespace TinyWorker;

/// <summary>
/// What an operator may do to a troupe while it runs. A <see cref="TinyTroupe{TIn, TOut}"/> has it; a dashboard asks a troupe for it.
/// A composed troupe has no workers of its own and does not have it: its parts do. Thread-safe; nothing here waits for a task or a worker.
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

    /// <summary>
    /// Puts another worker in the place of one, once its task has ended; at once if it has none, also while the troupe is paused. The worker
    /// is disposed where it lived, and the next is made as after <see cref="TinyTroupeOptions.MaxTasksPerWorker"/>. No task is lost: what a
    /// worker process had been sent ahead goes to the others or runs first, and what only that worker may run waits for the next.
    /// </summary>
    /// <remarks>
    /// May be called from anywhere, also inside a worker. An inline troupe replaces a worker that has no task inside the call. To ask again
    /// before the worker is gone changes nothing: it is replaced once. A worker whose task was given up and that is to stay
    /// (<see cref="WorkerState.Hung"/>) is replaced when it comes back, and not before: its code still runs. If the troupe ends first, or has
    /// fewer places by then, no other worker comes.
    /// </remarks>
    /// <param name="index">Which worker, from 0; see <see cref="WorkerSnapshot.Index"/>.</param>
    /// <returns>False if no worker lives at that place (none was ever there, it has left or is to leave, or the next is being made already),
    /// or the troupe takes no more work.</returns>
    bool RecycleWorker(int index);

    /// <summary>
    /// Asks a task to stop, as <see cref="TinyFuture{T}.Cancel"/> does: its token fires, and a task that ignores that loses its worker after
    /// the <see cref="TinyTroupeOptions.CancellationGrace"/>.
    /// </summary>
    /// <param name="task">What a watch of this troupe has seen; see <see cref="TroupeObservation.LongestRunning"/>. Its
    /// <see cref="RunningTask.Worker"/> and its <see cref="RunningTask.Number"/> are enough.</param>
    /// <returns>False if its worker does not run that very task any more, or it was asked to stop before.</returns>
    /// <exception cref="ArgumentNullException">The task is null.</exception>
    bool Cancel(RunningTask task);
}
