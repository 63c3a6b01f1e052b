using TinyWorker.Diagnostics;

namespace TinyWorker.Queueing;

/// <summary>The ticket of a submitter whose thread sleeps until it has ended.</summary>
internal sealed class BlockingTicket(AdmissionGate gate, IAdmissible item) : AdmissionTicket(gate, item)
{
    private End? _end;   // guarded by the lock on this

    /// <summary>Sleeps without spinning: whoever spins is back for the next place after one task, queues again, and pays for a ticket each
    /// time. Whoever sleeps finds, when it is awake, as many places as the workers have emptied meanwhile.</summary>
    public End Sleep()
    {
        Schedule.Point();
        lock (this)
        {
            while (_end is null) Schedule.Wait(this);
            return _end.Value;
        }
    }

    protected override void OnEnded(End end)
    {
        Schedule.Point();
        lock (this)
        {
            _end = end;
            Schedule.Pulse(this);
        }
    }
}
