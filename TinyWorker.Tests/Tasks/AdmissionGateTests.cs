using TinyWorker.Tasks;
using TinyWorker.Tests.Futures;

namespace TinyWorker.Tests.Tasks;

[NonParallelizable]
internal sealed class AdmissionGateTests
{
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(7)]
    public void Gate_EnteredByTenThreads_KeepsTheBoundAndAdmitsAll(int capacity)
    {
        const int each = 5_000;
        var inside = 0;
        var most = 0;
        var entered = 0;
        var gate = new AdmissionGate(capacity, () => { });

        Within.Time(
            () => OnTenThreads(_ =>
            {
                for (var i = 0; i < each; i++)
                {
                    var item = new TestItem(() =>
                    {
                        Interlocked.Increment(ref entered);
                        var now = Interlocked.Increment(ref inside);
                        int seen;
                        while (now > (seen = Volatile.Read(ref most)) && Interlocked.CompareExchange(ref most, now, seen) != seen);
                    });
                    if (gate.TryEnter() == Admission.Entered) item.Enter(bySubmitter: true);
                    else SleepAt(gate, item);
                    Interlocked.Decrement(ref inside);
                    gate.Leave();
                }
            }),
            "ten threads at the gate");

        Assert.That(most, Is.LessThanOrEqualTo(capacity));
        Assert.That(entered, Is.EqualTo(10 * each));
        Assert.That(gate.Read(), Is.EqualTo((10u * each, 0)));
    }

    [Test]
    public void Ticket_WithACancelledToken_EndsCancelledAndLeavesTheGate()
    {
        var gate = new AdmissionGate(1, () => { });
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered));
        var ticket = TestTicket.QueueAt(gate, () => Assert.Fail("it entered"), new CancellationToken(canceled: true));
        Assert.That(ticket.Outcome, Is.EqualTo(AdmissionTicket.End.Cancelled));
        gate.Leave();
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered), "the fast way in is open");
    }

    [Test]
    public void Leave_WhileManyOthersLeave_AdmitsAFewAndLeavesTheRestToOthers()
    {
        using var pool = new StarvedPool();
        var told = 0;
        var gate = new AdmissionGate(100, () => { }, () => told++);
        while (gate.TryEnter() == Admission.Entered);
        var order = new List<int>();
        for (var i = 0; i < 90; i++)
        {
            var number = i;
            TestTicket.QueueAt(gate, () =>
            {
                order.Add(number);
                // All others leave while the first ticket is admitted: their places are left to the thread that admits.
                for (var left = 0; number == 0 && left < 80; left++) gate.Leave();
            });
        }

        gate.Leave();

        Assert.That(order, Has.Count.InRange(1, 10), "tickets that one departure admits");
        Assert.That((gate.HasRoomForQueued, told), Is.EqualTo((true, 1)), "the workers are told");
        while (gate.HasRoomForQueued) Assert.That(gate.AdmitQueued(), Is.True);
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 81)));
        Assert.That(gate.AdmitQueued(), Is.False, "there is no room");
    }

    [Test]
    public void Leave_WhileManyOthersLeaveAndNobodyElseComes_IsFollowedByThePool()
    {
        var gate = new AdmissionGate(100, () => { });
        while (gate.TryEnter() == Admission.Entered);
        var order = new List<int>();
        var tickets = new List<TestTicket>();
        for (var i = 0; i < 90; i++)
        {
            var number = i;
            tickets.Add(TestTicket.QueueAt(gate, () =>
            {
                order.Add(number);
                for (var left = 0; number == 0 && left < 89; left++) gate.Leave();
            }));
        }

        gate.Leave();

        Within.Until(() => tickets.TrueForAll(ticket => ticket.Outcome is not null), "every ticket to enter");
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 90)));
    }

    [Test]
    public void Gate_WithAQueue_AdmitsInOrder()
    {
        var gate = new AdmissionGate(1, () => { });
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered));
        var order = new List<int>();
        var tickets = Enumerable.Range(0, 100).Select(i => TestTicket.QueueAt(gate, () => order.Add(i))).ToArray();

        for (var i = 0; i < 100; i++)
        {
            Assert.That(tickets[i].Outcome, Is.Null);
            gate.Leave();
            Assert.That(tickets[i].Outcome, Is.EqualTo(AdmissionTicket.End.Entered));
            Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Full), "nobody overtakes");
        }

        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 100)));
        gate.Leave();
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered), "the fast way in is open again");
    }

    [Test]
    public void Gate_WhenAWaitIsCancelled_AdmitsTheNextTicketInstead()
    {
        var gate = new AdmissionGate(1, () => { });
        gate.TryEnter();
        using var cancel = new CancellationTokenSource();
        var entered = new List<string>();
        var first = TestTicket.QueueAt(gate, () => entered.Add("first"), cancel.Token);
        var second = TestTicket.QueueAt(gate, () => entered.Add("second"));

        cancel.Cancel();
        gate.Leave();

        Assert.That(first.Outcome, Is.EqualTo(AdmissionTicket.End.Cancelled));
        Assert.That(second.Outcome, Is.EqualTo(AdmissionTicket.End.Entered));
        Assert.That(entered, Is.EqualTo(new[] { "second" }));
        Assert.That(gate.Read(), Is.EqualTo((2u, 1)));
    }

    [Test]
    public void Gate_WhenTheOnlyWaitIsCancelled_OpensTheFastWayInAgain()
    {
        var gate = new AdmissionGate(2, () => { });
        gate.TryEnter();
        gate.TryEnter();
        using var cancel = new CancellationTokenSource();
        TestTicket.QueueAt(gate, () => { }, cancel.Token);
        cancel.Cancel();

        gate.Leave();

        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Entered));
    }

    [Test]
    public void Gate_AfterManyCancelledWaitsOnALongLivedToken_HoldsNoMemory()
    {
        using var longLived = new CancellationTokenSource();
        var gate = new AdmissionGate(1, () => { });
        gate.TryEnter();

        var growth = Heap.GrowthOf(100_000, count =>
        {
            for (var i = 0; i < count; i++)
            {
                using var cancel = CancellationTokenSource.CreateLinkedTokenSource(longLived.Token);
                var ticket = TestTicket.QueueAt(gate, () => { }, cancel.Token);
                cancel.Cancel();
                Assert.That(ticket.Outcome, Is.EqualTo(AdmissionTicket.End.Cancelled));
            }
        });

        Assert.That(growth, Is.LessThan(1_000_000));
        GC.KeepAlive(gate);
    }

    [Test]
    public async Task SubmitAsync_AfterManyCancelledWaitsOnALongLivedToken_HoldsNoMemory()
    {
        using var longLived = new CancellationTokenSource();
        using var busy = new ManualResetEventSlim();
        using var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(busy);
                return x;
            },
            new ThreadTroupeOptions { Workers = 1, Capacity = 1 });
        while (troupe.Snapshot().Running == 0) await troupe.SubmitAsync(0);
        troupe.TrySubmit(0, out _);
        var accepted = troupe.Snapshot().Accepted;
        var before = 0L;
        for (var i = 0; i < 10_000; i++)
        {
            if (i == 100) before = GC.GetTotalMemory(forceFullCollection: true);
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(longLived.Token);
            var wait = troupe.SubmitAsync(1, cancel.Token).AsTask();
            await cancel.CancelAsync();
            Within.Until(() => wait.IsCompleted, "the cancelled wait");   // not Within.Time: the memory of its timers would count
            Assert.That(wait.IsCanceled, Is.True);
        }

        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        var acceptedAfterwards = troupe.Snapshot().Accepted;
        busy.Set();
        Assert.That(growth, Is.LessThan(1_000_000));
        Assert.That(acceptedAfterwards, Is.EqualTo(accepted));
    }

    [Test]
    public void Gate_WhenClosed_RefusesTicketsInTheQueueAndLaterOnes()
    {
        var drained = 0;
        var gate = new AdmissionGate(1, () => drained++);
        gate.TryEnter();
        var tickets = Enumerable.Range(0, 10)
            .Select(_ => TestTicket.QueueAt(gate, () => Assert.Fail("it entered a closed gate"))).ToArray();

        gate.Close();

        foreach (var ticket in tickets) Assert.That(ticket.Outcome, Is.EqualTo(AdmissionTicket.End.Refused));
        Assert.That(gate.TryEnter(), Is.EqualTo(Admission.Closed));
        Assert.That(gate.EnterPastTheBound(), Is.EqualTo(Admission.Closed));
        Assert.That(TestTicket.QueueAt(gate, () => { }).Outcome, Is.EqualTo(AdmissionTicket.End.Refused));
        Assert.That(drained, Is.Zero);
        gate.Leave();
        gate.Close();
        Assert.That(drained, Is.EqualTo(1));
    }

    [Test]
    public void Gate_ClosedAmidTraffic_ReportsDrainedOnceAfterTheLastItemHasLeft()
    {
        for (var round = 0; round < 200; round++)
        {
            var drained = 0;
            var early = false;
            var entered = 0;
            var left = 0;
            var gate = new AdmissionGate(2, () => Interlocked.Increment(ref drained));

            Within.Time(
                () => OnTenThreads(number =>
                {
                    for (var i = 0; i < 50; i++)
                    {
                        if (number < 2 && i == 25) gate.Close();
                        var item = new TestItem(() => Interlocked.Increment(ref entered));
                        var admission = gate.TryEnter();
                        if (admission == Admission.Closed) return;
                        if (admission == Admission.Entered) item.Enter(bySubmitter: true);
                        else if (SleepAt(gate, item) == AdmissionTicket.End.Refused) return;

                        if (Volatile.Read(ref drained) != 0) Volatile.Write(ref early, true);
                        Interlocked.Increment(ref left);
                        gate.Leave();
                    }
                }),
                "ten threads at a closing gate");

            Assert.That(early, Is.False, "the gate reported drained while an item waited");
            Assert.That(drained, Is.EqualTo(1));
            Assert.That(entered, Is.EqualTo(left));
            Assert.That(gate.Read(), Is.EqualTo(((uint)entered, 0)));
        }
    }

    [Test]
    public void Gate_WhenCancelRacesAdmission_AdmitsEachTicketOnceOrNever()
    {
        var gate = new AdmissionGate(1, () => { });
        for (var round = 0; round < 3_000; round++)
        {
            gate.TryEnter();
            var entered = 0;
            using var cancel = new CancellationTokenSource();
            var ticket = TestTicket.QueueAt(gate, () => Interlocked.Increment(ref entered), cancel.Token);
            var cancelling = new TinyFutureSource<int>();
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    cancel.Cancel();
                    cancelling.TrySetResult(0);
                },
                null);
            gate.Leave();
            Within.Time(cancelling.Future);

            Within.Until(() => ticket.Outcome is not null, "the ticket's end");
            Assert.That(entered, Is.EqualTo(ticket.Outcome == AdmissionTicket.End.Entered ? 1 : 0));
            if (entered == 1) gate.Leave();
            Assert.That(gate.Read().Waiting, Is.Zero);
        }
    }

    private static AdmissionTicket.End SleepAt(AdmissionGate gate, TestItem item)
    {
        var ticket = new BlockingTicket(gate, item);
        ticket.Queue(CancellationToken.None);
        return ticket.Sleep();
    }

    private static void OnTenThreads(Action<int> action)
    {
        var faults = new List<Exception>();
        var threads = Enumerable.Range(0, 10).Select(number => new Thread(() =>
        {
            try
            {
                action(number);
            }
            catch (Exception e)
            {
                lock (faults) faults.Add(e);
            }
        }) { IsBackground = true }).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (faults.Count > 0) throw new AggregateException(faults);
    }
}
