using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>
/// A submitter's place in the queue at the gate. It ends once: its item has entered, the gate was closed, or the wait was cancelled, which
/// leaves nothing behind at the gate.
/// </summary>
internal abstract class AdmissionTicket(AdmissionGate gate, IAdmissible item)
{
    private CancellationTokenRegistration _registration;   // set before the ticket queues

    /// <summary>What a ticket comes to.</summary>
    public enum End
    {
        Entered,
        Refused,
        Cancelled,
    }

    // Guarded by the gate's lock, as is the queue that they make.
    internal AdmissionTicket? Previous { get; set; }

    internal AdmissionTicket? Next { get; set; }

    internal bool IsQueued { get; set; }

    /// <summary>Queues. Perhaps the ticket has ended when this returns.</summary>
    public void Queue(CancellationToken cancellationToken)
    {
        _registration = cancellationToken.UnsafeRegister(static ticket => ((AdmissionTicket)ticket!).Cancel(), this);
        gate.Queue(this);
        Schedule.Point();
        // It may have fired when there was nothing to cancel yet.
        if (cancellationToken.IsCancellationRequested) Cancel();
    }

    /// <summary>For the gate, outside its lock, once the place is the item's.</summary>
    public void Admit()
    {
        item.Enter();
        EndAs(End.Entered);
    }

    /// <summary>For the gate, outside its lock.</summary>
    public void Refuse() => EndAs(End.Refused);

    /// <summary>Ends the wait, unless it has ended.</summary>
    public void Cancel()
    {
        if (gate.TryWithdraw(this)) EndAs(End.Cancelled);
    }

    protected abstract void OnEnded(End end);

    private void EndAs(End end)
    {
        _registration.Unregister();   // never waits: the callback may be what is calling
        OnEnded(end);
    }
}
