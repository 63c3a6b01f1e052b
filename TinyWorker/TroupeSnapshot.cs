namespace TinyWorker;

/// <summary>
/// What a troupe is doing at one moment. Accepted = Waiting + Running + Succeeded + Faulted + Canceled, always.
/// </summary>
/// <param name="Name">The troupe's name.</param>
/// <param name="Capacity">How many tasks may wait.</param>
/// <param name="Accepted">Tasks accepted so far.</param>
/// <param name="Waiting">Tasks accepted and not yet started, including those that wait for their input.</param>
/// <param name="Running">Tasks that a worker runs.</param>
/// <param name="Succeeded">Tasks that ended with a result.</param>
/// <param name="Faulted">Tasks that ended with an exception.</param>
/// <param name="Canceled">Tasks that ended cancelled.</param>
/// <param name="Abandoned">Workers abandoned so far because their task did not stop within the grace.</param>
/// <param name="Workers">Each worker that lives or is being made, by index; see <see cref="MaxWorkers"/>.</param>
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
    IReadOnlyList<WorkerSnapshot> Workers)
{
    /// <summary>How the troupe is at this moment; <see cref="ITroupe.Explain"/> says it in words, and can compare two moments.</summary>
    public TroupeCondition Condition { get; init; }

    /// <summary>How many workers the troupe may have at that moment: as many as <see cref="Workers"/> lists or, if it is elastic or was
    /// resized just now, more or fewer.</summary>
    public int MaxWorkers { get; init; }
}

/// <summary>What one worker of a troupe is doing.</summary>
/// <param name="Index">Which of the workers, from 0.</param>
/// <param name="State">What it does.</param>
/// <param name="TasksDone">Tasks that the workers at this index have ended.</param>
/// <param name="Restarts">How many workers at this index came before this one.</param>
/// <param name="ProcessId">The process in which the worker runs; null if that is this process, or if there is none at the moment.</param>
/// <param name="ResidentMemory">The physical memory of that process, in bytes; null if <paramref name="ProcessId"/> is.</param>
/// <param name="StartFailure">Why there is no worker, if it could not be made and is tried again; else null.</param>
public sealed record WorkerSnapshot(
    int Index, WorkerState State, long TasksDone, int Restarts, int? ProcessId = null, long? ResidentMemory = null,
    string? StartFailure = null);

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

    /// <summary>There is none: it could not be made in the place of another, and is tried again.</summary>
    Empty,

    /// <summary>Its task did not stop when it was asked to, and has ended without it. It takes no task until it comes back.</summary>
    Hung,
}
