using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Futures;

/// <summary>Faults of futures without a troupe, at which nobody looks.</summary>
internal sealed class UnobservedTests
{
    [TestCase("FromException")]
    [TestCase("source")]
    [TestCase("FromTask")]
    public void Fault_OfAFutureWithoutATroupe_IsRaisedWhenItIsCollected(string made)
    {
        using var raised = new RaisedFaults();
        var fault = NewName();
        Make(made, fault);
        UntilRaised(raised, fault);
        Assert.That(raised.CountOf(fault), Is.EqualTo(1));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Make(string made, string fault)
        {
            if (made == "FromException") TinyFuture.FromException<int>(new FormatException(fault));
            else if (made == "source") new TinyFutureSource<int>().TrySetException(new FormatException(fault));
            else TinyFuture.FromTask(Task.FromException<int>(new FormatException(fault)));
        }
    }

    [Test]
    public void WhenAll_AtWhichNobodyLooks_RaisesEachFaultOnce()
    {
        using var raised = new RaisedFaults();
        string[] faults = [NewName(), NewName(), NewName()];
        Combine(faults);
        foreach (var fault in faults) UntilRaised(raised, fault);
        Assert.That(faults.Select(raised.CountOf), Is.All.EqualTo(1));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Combine(string[] faults)
        {
            var cancelled = new TinyFutureSource<int>();
            cancelled.TrySetCanceled();
            var futures = faults.Select(fault => TinyFuture.FromException<int>(new FormatException(fault))).ToArray();
            var inner = TinyFuture.WhenAll(futures[1..]);
            Assert.That(TinyFuture.WhenAll(cancelled.Future.Then(x => new[] { x }), inner, futures[0]).IsCompleted);
        }
    }

    [Test]
    public void WhenAll_AtWhichSomebodyLooks_RaisesNone()
    {
        using var raised = new RaisedFaults();
        string[] faults = [NewName(), NewName()];
        var unseen = NewName();
        Combine(faults);
        Make(unseen);
        UntilRaised(raised, unseen);
        Assert.That(faults.Select(raised.CountOf), Is.All.Zero);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Combine(string[] faults)
        {
            var all = TinyFuture.WhenAll(faults.Select(fault => TinyFuture.FromException<int>(new FormatException(fault))));
            Assert.That(() => all.Result(), Throws.TypeOf<FormatException>());
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Make(string fault) => TinyFuture.FromException<int>(new FormatException(fault));
    }

    [Test]
    public void WhenAny_OfWhichALoserFaults_RaisesThat()
    {
        using var raised = new RaisedFaults();
        var fault = NewName();
        Lose(fault);
        UntilRaised(raised, fault);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Lose(string fault)
        {
            var loser = new TinyFutureSource<int>();
            Assert.That(TinyFuture.WhenAny([TinyFuture.FromResult(1), loser.Future]).Result().Result(), Is.EqualTo(1));
            loser.TrySetException(new FormatException(fault));
        }
    }

    [Test]
    public async Task Fault_RightAfterAWaitThatWasCancelled_IsRaised()
    {
        using var raised = new RaisedFaults();
        var faults = Enumerable.Range(0, 2_000).Select(_ => NewName()).ToArray();
        foreach (var fault in faults) await CancelThenFault(fault);
        await Task.Yield();   // leaves the stack of whoever was awaited: it may hold the last future
        Within.Until(
            () =>
            {
                Collect();
                return raised.Count >= faults.Length && Missing().Length == 0;
            },
            () => $"the event for {Missing().Length} of {faults.Length} faults");

        string[] Missing() => [.. faults.Where(fault => raised.CountOf(fault) != 1)];

        [MethodImpl(MethodImplOptions.NoInlining)]
        static async Task CancelThenFault(string fault)
        {
            var source = new TinyFutureSource<int>();
            using var cancellation = new CancellationTokenSource();
            using var ready = new ManualResetEventSlim();
            var waiting = source.Future.WaitAsync(Within.Deadline, cancellation.Token);
            var faulted = Task.Run(() =>
            {
                ready.Set();
                for (var spin = default(SpinWait); !waiting.IsCompleted;) spin.SpinOnce(sleep1Threshold: -1);
                source.TrySetException(new FormatException(fault));   // on the pool
            });
            Within.Wait(ready);
            cancellation.Cancel();
            await Within.Time(faulted);
            Assert.That(waiting.IsCanceled);
        }
    }

    private static string NewName() => $"fault {Guid.NewGuid():N}";

    private static void UntilRaised(RaisedFaults raised, string fault) => Within.Until(
        () =>
        {
            Collect();
            return raised.CountOf(fault) > 0;
        },
        "the event");

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }
}
