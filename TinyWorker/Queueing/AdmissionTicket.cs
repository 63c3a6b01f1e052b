namespace TinyWorker.Queueing;

/// <summary>
/// A submitter's place in the queue at the gate. Its task ends once: when the item has entered, when the gate was closed
/// (<see cref="GateClosedException"/>), or when the wait was cancelled, which leaves nothing behind at the gate.
/// </summary>
internal sealed class AdmissionTicket : TaskCompletionSource
{
    private readonly AdmissionGate _gate;
    private readonly IAdmissible _item;

    public AdmissionTicket(AdmissionGate gate, IAdmissible item)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        _gate = gate;
        _item = item;
        Node = new LinkedListNode<AdmissionTicket>(this);
    }

    /// <summary>Guarded by the gate's lock; in its list while the submitter queues.</summary>
    public LinkedListNode<AdmissionTicket> Node { get; }

    /// <summary>The token that ends the wait; the registration is the submitter's to dispose.</summary>
    public CancellationTokenRegistration CancelOn(CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static (state, token) => ((AdmissionTicket)state!).Cancel(token), this);

    public void Admit()
    {
        _item.Enter();
        TrySetResult();
        WakeSleeper();
    }

    public void Refuse()
    {
        TrySetException(new GateClosedException());
        WakeSleeper();
    }

    /// <summary>Blocks until the ticket has ended.</summary>
    /// <remarks>Without spinning: whoever spins is back for the next place after one task, queues again, and pays for a ticket each time.
    /// Whoever sleeps finds, when it is awake, as many places as the workers have emptied meanwhile.</remarks>
    public void Sleep()
    {
        lock (this)
        {
            while (!Task.IsCompleted) Monitor.Wait(this);
        }
    }

    private void WakeSleeper()
    {
        lock (this) Monitor.Pulse(this);
    }

    private void Cancel(CancellationToken token)
    {
        if (!_gate.TryWithdraw(this)) return;
        TrySetCanceled(token);
        WakeSleeper();
    }
}

/// <summary>The gate was closed while a submitter queued. It never leaves the library: the troupe says it in its own words.</summary>
#pragma warning disable CA1064, CA1032 // It is caught inside the library.
internal sealed class GateClosedException : Exception;
#pragma warning restore CA1064, CA1032
