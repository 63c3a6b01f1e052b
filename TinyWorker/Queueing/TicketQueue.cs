using System.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>Tickets in the order of their coming; the tickets carry the links. Guarded by the lock of the gate.</summary>
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
        Debug.Assert(ticket.IsQueued, "only what queues can be removed");
        ticket.IsQueued = false;
        if (ticket.Previous is null) First = ticket.Next;
        else ticket.Previous.Next = ticket.Next;
        if (ticket.Next is null) _last = ticket.Previous;
        else ticket.Next.Previous = ticket.Previous;
        ticket.Previous = null;
        ticket.Next = null;
    }
}
