using System.Reflection;
using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class AdmissionOrderTests
{
    [Test]
    public void TryEnter_WithRoomWhileATicketQueues_IsRefused()
    {
        var gate = new AdmissionGate(3, () => { });
        for (var i = 0; i < 3; i++) gate.TryEnter();
        var seen = new List<(string Ticket, Admission LateEntry)>();
        TestTicket.QueueAt(gate, () =>
        {
            // Two more places come free while the first ticket enters. The second ticket comes before whoever comes later.
            gate.Leave();
            gate.Leave();
            seen.Add(("first", gate.TryEnter()));
        });
        TestTicket.QueueAt(gate, () => seen.Add(("second", gate.TryEnter())));

        gate.Leave();

        Assert.That(seen, Is.EqualTo(new[] { ("first", Admission.Full), ("second", Admission.Full) }));
        Assert.That(gate.Read().Waiting, Is.EqualTo(2));
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered), "no ticket queues any more");
    }

    [Test]
    public void EnterPastTheBound_WhileATicketQueues_AdmitsTheTicketOnlyBelowTheBound()
    {
        var gate = new AdmissionGate(1, () => { });
        gate.TryEnter();
        var ticket = TestTicket.QueueAt(gate, () => { });
        Assert.That(gate.EnterPastTheBound(), Is.EqualTo(Admission.Entered));
        gate.Leave();
        Assert.That(ticket.Outcome, Is.Null, "the item past the bound has the place");
        gate.Leave();
        Assert.That(ticket.Outcome, Is.EqualTo(AdmissionTicket.End.Entered));
        Assert.That(gate.Read(), Is.EqualTo((3u, 1)));
    }

    // As many tasks as can be counted take tens of gigabytes: the count is set.
    [Test]
    public void EnterPastTheBound_WithAsManyWaitingAsCanBeCounted_IsRefusedAndLeavesTheFlagsAlone()
    {
        var gate = new AdmissionGate(1, () => { });
        var state = typeof(AdmissionGate).GetField("_state", BindingFlags.Instance | BindingFlags.NonPublic)!;
        state.SetValue(gate, (long)AdmissionGate.Most - 1);
        Assert.That(gate.EnterPastTheBound(), Is.EqualTo(Admission.Entered));
        Assert.That(gate.EnterPastTheBound(), Is.EqualTo(Admission.Full));
        Assert.That(gate.Read(), Is.EqualTo((1u, AdmissionGate.Most)));
        Assert.That((gate.IsContended, gate.IsClosed), Is.EqualTo((false, false)));
    }
}
