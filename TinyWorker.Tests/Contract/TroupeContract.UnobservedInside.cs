using System.Runtime.CompilerServices;
using TinyWorker.Futures;

namespace TinyWorker.Tests.Contract;

// Faults behind the waits of a worker that are guarded, because a step is open.
public abstract partial class TroupeContract
{
    [Test]
    [SharesMemory("its own troupe")]
    public async Task Fault_OfAFutureThatWhenEachYieldsInsideAWorker_IsToldOnceIfNobodyLooks()
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        using var waits = new ManualResetEventSlim();
        var other = Faulting(loggers);
        var fault = NewName();
        var own = new TinyTroupe<int, TinyFutureStatus>(
            async _ =>
            {
                var dependent = other.Submit("").Then(_ =>
                {
                    Within.Wait(waits);   // the step is open when the worker begins to wait
                    return other.Submit(fault);
                });
                await using var each = TinyFuture.WhenEach([dependent]).GetAsyncEnumerator();
                var next = each.MoveNextAsync();
                waits.Set();
                await next;
                return each.Current.Status;
            },
            Options());
        Assert.That(Within.Time(own.Submit(0)), Is.EqualTo(TinyFutureStatus.Faulted));
        await End(own);   // its worker held the future
        await UntilTold(loggers, raised, fault);
        await End(other);
        Collect();
        Assert.That((Logged(loggers, fault), raised.CountOf(fault)), Is.EqualTo((1, 1)));
    }

    [Test]
    public async Task Fault_OfAGuardedWaitThatNobodyWaitsForAnyMore_IsToldOnce()
    {
        using var loggers = new FakeLoggers();
        using var raised = new RaisedFaults();
        var troupe = Faulting(loggers);
        var fault = NewName();
        FaultBehindAGuard();
        await UntilTold(loggers, raised, fault);
        await End(troupe);
        Collect();
        Assert.That((Logged(loggers, fault), raised.CountOf(fault)), Is.EqualTo((1, 1)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        void FaultBehindAGuard()
        {
            var input = new TinyFutureSource<string>();
            var future = troupe.Submit(input.Future);
            var guard = new GuardedWait<int>(future, future.OwnTroupe!, looks: true).Start([]);
            input.TrySetResult(fault);
            WaitForEnd(guard);
        }
    }
}
