namespace TinyWorker;

/// <summary>
/// How a troupe is, and what holds it up, if anything does; see <see cref="TinyTroupe{TIn, TOut}.Explain"/> and
/// <see cref="TroupeSnapshot.Condition"/>.
/// </summary>
public enum TroupeCondition
{
    /// <summary>No worker is ready yet.</summary>
    Starting,

    /// <summary>
    /// Nothing waits for a worker and nothing runs, no map reads its source, and few tasks came of late: nobody feeds the troupe, and nothing is wrong.
    /// </summary>
    Idle,

    /// <summary>Workers have nothing to do, and no task waits for one, although the troupe is fed: by a map, or by submitters.</summary>
    Starved,

    /// <summary>Workers have nothing to do: every task that waits has no input yet.</summary>
    WaitingForInput,

    /// <summary>Workers have nothing to do: the window of a map is full, and its consumer waits for a task that still runs.</summary>
    HeldByWindow,

    /// <summary>Workers have nothing to do: the consumer of a map does work of its own between two results.</summary>
    HeldByConsumer,

    /// <summary>Workers take tasks about as fast as they come.</summary>
    Busy,

    /// <summary>
    /// At least as many tasks wait for a worker as there are workers, or as the <c>Capacity</c> lets wait. Not while more workers may be
    /// made: then it is <see cref="Busy"/>, or <see cref="Starting"/> if there is none.
    /// </summary>
    Saturated,

    /// <summary>Tasks did not stop when they were asked to.</summary>
    Hung,

    /// <summary>
    /// The troupe was paused: what runs goes on, and nothing else starts until it is resumed. Whether workers are missing meanwhile, or are
    /// being made, is in the text; tasks that hang are <see cref="Hung"/>, for no resume helps them.
    /// </summary>
    Paused,

    /// <summary>Some workers could not be replaced. The troupe tries again, and its other workers go on.</summary>
    Degraded,

    /// <summary>
    /// The troupe has been ready, and now has had no worker for longer than <see cref="TinyTroupeOptions.StartPatience"/>: every task
    /// faults. The troupe tries again.
    /// </summary>
    Down,

    /// <summary>A worker could not be made when the troupe was: every task faults.</summary>
    Broken,

    /// <summary>The troupe was aborted, or all its workers have left.</summary>
    Stopped,
}
