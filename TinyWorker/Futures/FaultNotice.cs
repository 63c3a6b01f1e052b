namespace TinyWorker.Futures;

/// <summary>
/// Tells continuations of a fault. A fault at which none of them looks is unobserved from then on; before that nobody can know.
/// </summary>
internal sealed class FaultNotice(Failure fault, object continuations, IFutureOwner? owner) : IContinuation
{
    public bool IsAbandoned => false;

    public bool OnSourceCompleted()
    {
        if (Completions.Notify(continuations)) fault.Look();
        fault.NoteUnobserved(owner);
        return true;
    }
}
