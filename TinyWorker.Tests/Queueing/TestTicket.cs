using TinyWorker.Queueing;

namespace TinyWorker.Tests.Queueing;

/// <summary>A ticket that tells what it came to.</summary>
internal sealed class TestTicket(AdmissionGate gate, IAdmissible item) : AdmissionTicket(gate, item)
{
    private object? _outcome;

    public End? Outcome => (End?)Volatile.Read(ref _outcome);

    public static TestTicket QueueAt(AdmissionGate gate, Action enter, CancellationToken cancellationToken = default)
    {
        var ticket = new TestTicket(gate, new TestItem(enter));
        ticket.Queue(cancellationToken);
        return ticket;
    }

    protected override void OnEnded(End end)
    {
        if (Interlocked.CompareExchange(ref _outcome, end, null) is not null) throw new InvalidOperationException("a ticket ends once");
    }
}

internal sealed class TestItem(Action enter) : IAdmissible
{
    public void Enter() => enter();
}
