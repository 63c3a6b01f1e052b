namespace TinyWorker;

/// <summary>What holds a troupe up, if anything does; see <see cref="TinyTroupe{TIn, TOut}.Explain"/>.</summary>
public enum TroupeCondition
{
    /// <summary>No worker is ready yet.</summary>
    Starting,

    /// <summary>There are workers that have nothing to do, and no task waits for one.</summary>
    Starved,

    /// <summary>There are workers that have nothing to do, and every task that waits, waits for its input.</summary>
    WaitingForInput,

    /// <summary>There are workers that have nothing to do: the window of a map is full, and its consumer waits for a task that still runs.</summary>
    HeldByWindow,

    /// <summary>There are workers that have nothing to do: whoever enumerates a map is at work of its own between two results.</summary>
    HeldByConsumer,

    /// <summary>Tasks are taken about as fast as they come.</summary>
    Busy,

    /// <summary>At least as many tasks wait for a worker as there are workers.</summary>
    Saturated,

    /// <summary>Tasks did not stop when they were asked to.</summary>
    Hung,

    /// <summary>A worker could not be made: every task faults.</summary>
    Broken,

    /// <summary>The troupe was aborted, or all its workers have left.</summary>
    Stopped,
}
