namespace TinyWorker;

/// <summary>
/// For debugging: a task runs inside its <c>Submit</c>, on the submitter's thread. A task whose input finishes elsewhere
/// runs on the shared pool. A task that hangs blocks its submitter; its future still ends when its worker is abandoned.
/// </summary>
public sealed record InlineTroupeOptions : TinyTroupeOptions;
