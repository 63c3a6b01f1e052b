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
