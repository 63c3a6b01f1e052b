namespace TinyWorker;

/// <summary>
/// What a troupe is doing at one moment. Accepted = Waiting + Running + Succeeded + Faulted + Canceled, always.
/// </summary>
/// <param name="Name">The troupe's name.</param>
/// <param name="Capacity">How many tasks may wait.</param>
/// <param name="Accepted">Tasks accepted so far.</param>
/// <param name="Waiting">Tasks accepted and not yet started, those that wait for their input included.</param>
/// <param name="Running">Tasks that a worker runs.</param>
/// <param name="Succeeded">Tasks that ended with a result.</param>
/// <param name="Faulted">Tasks that ended with an exception.</param>
/// <param name="Canceled">Tasks that ended cancelled.</param>
/// <param name="Abandoned">Workers given up so far because their task did not stop within the grace.</param>
/// <param name="Workers">Each worker, by index.</param>
public sealed record TroupeSnapshot(
    string Name,
    int Capacity,
    long Accepted,
    int Waiting,
    int Running,
    long Succeeded,
    long Faulted,
    long Canceled,
    int Abandoned,
    IReadOnlyList<WorkerSnapshot> Workers);

/// <summary>What one worker of a troupe is doing.</summary>
/// <param name="Index">Which of the workers, from 0.</param>
/// <param name="State">What it does.</param>
/// <param name="TasksDone">Tasks that the workers at this index have ended.</param>
/// <param name="Restarts">How many workers at this index came before this one.</param>
public sealed record WorkerSnapshot(int Index, WorkerState State, long TasksDone, int Restarts);

/// <summary>What a worker does.</summary>
public enum WorkerState
{
    /// <summary>It is being made.</summary>
    Starting,

    /// <summary>It waits for a task.</summary>
    Idle,

    /// <summary>It runs a task.</summary>
    Busy,

    /// <summary>It has ended.</summary>
    Stopped,
}
