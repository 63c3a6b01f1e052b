namespace TinyWorker;

/// <summary>
/// What one task asks for, beside its input. The default asks for nothing, and costs nothing. Write it as
/// <c>troupe.Submit(input, new() { Priority = 1 })</c>.
/// </summary>
public readonly record struct SubmitOptions
{
    /// <summary>
    /// Tasks with a larger priority start first; those with an equal one start in the order in which they were accepted. It orders the tasks
    /// that were accepted, and not the submitters that wait for room.
    /// </summary>
    /// <value>Any number; 0, the default, is that of every task without one.</value>
    public int Priority { get; init; }

    /// <summary>
    /// Tasks with the same key run on the same worker, one at a time, in the order in which they were accepted; for caches, sessions,
    /// conversations. Which worker that is depends on the key and on how many workers the troupe may have
    /// (<see cref="TinyTroupe{TIn, TOut}.Workers"/>): when that changes, few keys move.
    /// </summary>
    /// <remarks>
    /// The order of a key goes before the priority. A task that is tried again holds back the others with its key. A task whose input is
    /// unfinished takes its turn when the input is there. If the place of the worker is empty, the tasks wait for the worker that will
    /// fill it. Keys are compared as ordinals.
    /// </remarks>
    /// <value>By default null: whoever is free takes the task.</value>
    public string? Key { get; init; }

    /// <summary>
    /// How long one attempt of this task may take, in the place of the troupe's <see cref="TinyTroupeOptions.TaskTimeout"/>.
    /// </summary>
    /// <value>Above zero, at most 49 days; <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for no limit. Null, the default, for the
    /// troupe's.</value>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// When the task must have ended, from its submission: it faults with a <see cref="TimeoutException"/> then. If it still waits (for
    /// room, for its input, for a worker or for another attempt), it never starts, and its place is free at once. If it runs, it is asked to
    /// stop, as at a timeout.
    /// </summary>
    /// <remarks>
    /// It is for all attempts together, and beside a timeout: whichever passes first counts. A submission that waits for room returns a
    /// future that has faulted, and the task counts as accepted. Timers call on the shared thread pool: while the pool is starved, a deadline
    /// comes late, and so does the end of a blocked submission; but a worker looks at the clock and starts no task that is late. (A worker
    /// process may begin one that was sent ahead.)
    /// </remarks>
    /// <value>Above zero, at most 49 days. Null, the default, or <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> for none.</value>
    public TimeSpan? Deadline { get; init; }
}
