namespace TinyWorker;

/// <summary>
/// For debugging: a task runs inside its <c>Submit</c>, on the submitter's thread. What becomes ready otherwise (its input finished
/// elsewhere) runs on the shared pool. A task that hangs hangs its submitter; its future still ends when its worker is given up.
/// </summary>
public sealed class InlineTroupeOptions : TinyTroupeOptions
{
    /// <summary>Gets a value indicating whether it is the inside of a worker process, whose tasks are watched from the parent.</summary>
    internal bool IsInChild { get; init; }
}
