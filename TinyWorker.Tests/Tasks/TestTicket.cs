using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

/// <summary>A ticket that shows how it ended.</summary>
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
        if (Interlocked.CompareExchange(ref _outcome, end, null) is not null)
            throw new InvalidOperationException("The ticket has ended twice.");
    }
}

internal sealed class TestItem(Action enter) : IAdmissible
{
    public void Enter(bool bySubmitter) => enter();
}
