namespace TinyWorker.Tasks;

/// <summary>Why a running task was asked to stop.</summary>
internal enum StopReason
{
    Cancel,
    Timeout,
    Deadline,

    /// <summary>Only if it has not begun.</summary>
    Recall,
}

/// <summary>What the core of a troupe needs of its workers. Thread-safe.</summary>
internal interface IWorkerSet<TIn, TOut>
{
    /// <summary>How many workers the troupe may have now.</summary>
    int Most { get; }

    /// <summary>Whether tasks run inside Submit: then <see cref="BeginSubmit"/> and <see cref="EndSubmit"/> do something.</summary>
    bool RunsInSubmit { get; }

    /// <summary>Whether each worker runs on a thread of its own, in this process.</summary>
    bool HaveThreads { get; }

    /// <summary>Called before an item enters, so that a back-end without threads can run it there.</summary>
    void BeginSubmit();

    /// <summary>Called after an item has entered.</summary>
    /// <param name="item">The item whose end the submitter waits for; null for none.</param>
    void EndSubmit(WorkItem<TIn, TOut>? item);

    /// <summary>Asks a running task to stop. False if it runs nowhere any more, or was asked before.</summary>
    /// <param name="item">The task.</param>
    /// <param name="reason">Why.</param>
    /// <param name="hasGrace">Whether its future ends after the grace although its code still runs; if not, the caller waits for the
    /// code.</param>
    bool TryStop(WorkItem<TIn, TOut> item, StopReason reason, bool hasGrace);

    /// <summary>Asks the worker that has prefetched the task to return what it has not begun.</summary>
    void RecallPrefetched(WorkItem<TIn, TOut> item);

    /// <summary>
    /// Waits for the loops that are taking an item now. A loop that takes one later has seen what the caller wrote before.
    /// </summary>
    void WaitForTakers();

    /// <summary>A task for the worker at this place was added: the worker is woken, or is to be made.</summary>
    void ItemAddedFor(int place);

    /// <summary>A task was added that any worker may take: perhaps there are too few workers.</summary>
    void NoticeNeed();

    /// <summary>
    /// Waits for the loops that are starting a task now. A loop that starts one later has seen what the caller wrote before. What was sent
    /// ahead comes back.
    /// </summary>
    void WaitForStarters();

    /// <summary>The places that have a worker, or are about to have one.</summary>
    IReadOnlyList<int> Places { get; }

    /// <summary>Asks every worker to return the tasks that were sent ahead and have not begun.</summary>
    void RecallPrefetched();

    /// <summary>No more tasks will come: the loops may leave.</summary>
    void End();

    /// <summary>A task has ended without its worker: perhaps it was the last.</summary>
    void NoticeQuiet();
}
