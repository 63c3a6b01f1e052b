using TinyWorker.Queueing;

namespace TinyWorker.Tests.Queueing;

internal sealed class AdmissionOrderTests
{
    [Test]
    public void Gate_WithRoomWhileSomebodyQueues_RefusesWhoeverComesLater()
    {
        var gate = new AdmissionGate(3, () => { });
        for (var i = 0; i < 3; i++) gate.TryEnter();
        var seen = new List<(string Who, Admission Passer)>();
        TestTicket.QueueAt(gate, () =>
        {
            // Two more places come free while the first of the queue goes in: they are the second's and nobody's else before it.
            gate.Leave();
            gate.Leave();
            seen.Add(("first", gate.TryEnter()));
        });
        TestTicket.QueueAt(gate, () => seen.Add(("second", gate.TryEnter())));

        gate.Leave();

        Assert.That(seen, Is.EqualTo(new[] { ("first", Admission.Full), ("second", Admission.Full) }));
        Assert.That(gate.Read().Waiting, Is.EqualTo(2));
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered), "nobody queues any more");
    }

    [Test]
    public void Gate_PassedFromInsideAWorkerWhileFull_LetsTheQueueInOnlyBelowTheBound()
    {
        var gate = new AdmissionGate(1, () => { });
        gate.TryEnter();
        var ticket = TestTicket.QueueAt(gate, () => { });
        Assert.That(gate.EnterPastTheBound(), Is.EqualTo(Admission.Entered));
        gate.Leave();
        Assert.That(ticket.Outcome, Is.Null, "the one past the bound has the place");
        gate.Leave();
        Assert.That(ticket.Outcome, Is.EqualTo(AdmissionTicket.End.Entered));
        Assert.That(gate.Read(), Is.EqualTo((3u, 1)));
    }
}
