namespace TinyWorker.Tests.Contract;

public abstract partial class TroupeContract
{
    [Test]
    public async Task Chain_WhoseInputIsUnfinished_LetsReadyTasksPass()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x * 2, Options());
        var chained = troupe.Submit(input.Future);
        Assert.That(Within.Time(troupe.Submit(4)), Is.EqualTo(8));
        Assert.That(chained.Status, Is.EqualTo(TinyFutureStatus.Pending));
        input.TrySetResult(5);
        Assert.That(Within.Time(chained), Is.EqualTo(10));
        await End(troupe);
    }

    [Test]
    public async Task Chain_WithACapacityOfOneInOneTroupe_DoesNotDeadlock()
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Capacity = 1 }));
        var last = 0;
        Within.Time(
            () =>
            {
                var future = troupe.Submit(0);
                for (var i = 1; i < 1000; i++) future = troupe.Submit(future);
                last = Within.Time(future);
            },
            "the chain");
        Assert.That(last, Is.EqualTo(1000));
        await End(troupe);
    }

    [Test]
    public async Task Chain_OfAHundredThousand_UsesNoDeepStack()
    {
        const int Length = 100_000;
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Capacity = Length }));
        var future = troupe.Submit(input.Future);
        for (var i = 1; i < Length; i++) future = troupe.Submit(future);
        input.TrySetResult(0);
        Assert.That(Within.Time(future), Is.EqualTo(Length));
        await End(troupe);
    }

    [Test]
    public async Task Chain_WhoseInputFaults_FaultsWithTheSameExceptionAndNeverRuns()
    {
        var thrown = new FormatException();
        var calls = 0;
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => ++calls, Options());
        var waiting = troupe.Submit(input.Future);
        input.TrySetException(thrown);
        var late = troupe.Submit(input.Future);
        WaitForEnd(waiting);
        WaitForEnd(late);
        Assert.That(waiting.Exception, Is.SameAs(thrown));
        Assert.That(late.Exception, Is.SameAs(thrown));
        await End(troupe);
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Chain_WhoseInputIsCancelled_IsCancelledWithTheSameException()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var waiting = troupe.Submit(input.Future);
        input.TrySetCanceled();
        WaitForEnd(waiting);
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        var cause = Caught(() => input.Future.Result());
        Assert.That(Caught(() => waiting.Result()), Is.SameAs(cause).And.InstanceOf<OperationCanceledException>());
        await End(troupe);
    }

    [Test]
    public async Task Cancel_OfADependent_LeavesItsInputAlone()
    {
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var first = troupe.Submit(input.Future);
        var second = troupe.Submit(first);
        Assert.That(second.Cancel(), Is.True);
        Assert.That(second.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        input.TrySetResult(3);
        Assert.That(Within.Time(first), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Cancel_WhileWaitingForTheInput_FreesThePlaceAndNeverRunsTheTask()
    {
        var calls = 0;
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => ++calls, Options(new Settings { Capacity = 1 }));
        var future = troupe.Submit(input.Future);
        Assert.That(future.Cancel(), Is.True);
        Assert.That(future.Cancel(), Is.False);
        Assert.That(troupe.TrySubmit(1, out _), Is.True);
        input.TrySetResult(1);
        await End(troupe);
        Assert.That(calls, Is.EqualTo(1));
    }

    [Test]
    public async Task Token_OfASubmitFired_CancelsTheWaitingTask()
    {
        var input = new TinyFutureSource<int>();
        using var cancellation = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var future = troupe.Submit(input.Future, cancellation.Token);
        await cancellation.CancelAsync();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
    }

    [Test]
    public async Task Cancel_OfAFinishedTask_ReturnsFalse()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var future = troupe.Submit(1);
        WaitForEnd(future);
        Assert.That(future.Cancel(), Is.False);
        Assert.That(future.Result(), Is.EqualTo(1));
        await End(troupe);
    }
}
