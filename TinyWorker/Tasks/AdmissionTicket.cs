using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>What the gate admits.</summary>
internal interface IAdmissible
{
    /// <summary>
    /// Called once, after the acceptance, outside the gate's lock: the item goes to where it waits for a worker.
    /// </summary>
    /// <param name="bySubmitter">Whether the submitter's thread calls; else that thread has work of its own.</param>
    void Enter(bool bySubmitter);
}

/// <summary>
/// A submitter's place in the queue at the gate. It ends once: its item has entered, the gate was closed, or the wait was cancelled, which
/// leaves nothing behind at the gate.
/// </summary>
/// <param name="gate">The gate.</param>
/// <param name="item">What wants to enter.</param>
/// <param name="deadline">Until when; null for no limit.</param>
internal abstract class AdmissionTicket(AdmissionGate gate, IAdmissible item, TaskDeadline? deadline = null)
{
    private CancellationTokenRegistration _registration;   // set before the ticket queues

    /// <summary>How a ticket ends.</summary>
    public enum End
    {
        Entered,
        Refused,
        Cancelled,
    }

    // Guarded by the lock of the gate, like the queue that these links make.
    internal AdmissionTicket? Previous { get; set; }

    internal AdmissionTicket? Next { get; set; }

    internal bool IsQueued { get; set; }

    /// <summary>Queues. The ticket may have ended when this returns.</summary>
    public void Queue(CancellationToken cancellationToken)
    {
        _registration = cancellationToken.UnsafeRegister(static ticket => ((AdmissionTicket)ticket!).Cancel(), this);
        deadline?.Start(this);
        gate.Queue(this);
        Schedule.Point();
        // The token may have fired before the ticket queued, when there was nothing to cancel, or the deadline may have passed.
        if (cancellationToken.IsCancellationRequested) Cancel();
        if (deadline is { HasPassed: true }) PassDeadline();
    }

    /// <summary>For the gate, outside its lock, once the place belongs to the item.</summary>
    public void Admit()
    {
        item.Enter(bySubmitter: false);
        EndAs(End.Entered);
    }

    /// <summary>For the gate, outside its lock.</summary>
    public void Refuse() => EndAs(End.Refused);

    /// <summary>Ends the wait, unless it has ended.</summary>
    public void Cancel()
    {
        if (gate.TryWithdraw(this)) EndAs(End.Cancelled);
    }

    /// <summary>
    /// The deadline of the item has passed: if the ticket still queues, the item enters past the bound, and ends at once. So it counts as
    /// accepted, like every task that has a future.
    /// </summary>
    public void PassDeadline()
    {
        if (!gate.TryWithdraw(this)) return;
        Schedule.Point();
        // Closed just now. Or Full, which should never happen: a billion tasks wait, and no more can be counted.
        if (gate.EnterPastTheBound() == Admission.Entered) Admit();
        else Refuse();
    }

    protected abstract void OnEnded(End end);

    private void EndAs(End end)
    {
        if (end != End.Entered) deadline?.End();   // else when the task has ended
        _registration.Unregister();   // never waits: this may be called from the callback itself
        OnEnded(end);
    }
}

/// <summary>Tickets in the order in which they came; the tickets hold the links. Guarded by the lock of the gate.</summary>
internal sealed class TicketQueue
{
    private AdmissionTicket? _last;

    public AdmissionTicket? First { get; private set; }

    public void Add(AdmissionTicket ticket)
    {
        Debug.Assert(!ticket.IsQueued, "a ticket queues once");
        ticket.IsQueued = true;
        ticket.Previous = _last;
        if (_last is null) First = ticket;
        else _last.Next = ticket;
        _last = ticket;
    }

    public void Remove(AdmissionTicket ticket)
    {
        Debug.Assert(ticket.IsQueued, "only a ticket that queues can be removed");
        ticket.IsQueued = false;
        if (ticket.Previous is null) First = ticket.Next;
        else ticket.Previous.Next = ticket.Next;
        if (ticket.Next is null) _last = ticket.Previous;
        else ticket.Next.Previous = ticket.Previous;
        ticket.Previous = null;
        ticket.Next = null;
    }
}
