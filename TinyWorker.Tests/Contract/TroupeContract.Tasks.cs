namespace TinyWorker.Tests.Contract;

// A Task of the framework as the input: Submit(Task<TIn>) and SubmitAsync(Task<TIn>).
public abstract partial class TroupeContract
{
    [Test]
    public async Task Submit_OfASucceededTask_TakesItsResult([Values] bool asynchronously)
    {
        var troupe = new TinyTroupe<int, int>(x => x * 2, Options());
        Assert.That(Within.Time(await SubmitTask(troupe, Task.FromResult(4), asynchronously)), Is.EqualTo(8));
        await End(troupe);
    }

    [Test]
    public async Task Submit_OfAFaultedTask_FaultsWithTheSameExceptionAndNeverRuns([Values] bool asynchronously, [Values] bool later)
    {
        var thrown = new FormatException();
        var calls = 0;
        var input = new TaskCompletionSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => ++calls, Options());
        if (!later) input.SetException(thrown);
        var future = await SubmitTask(troupe, input.Task, asynchronously);
        if (later) input.SetException(thrown);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
        Assert.That(future.Exception, Is.SameAs(thrown));
        Assert.That(Caught(() => future.Result()), Is.SameAs(thrown));
        await End(troupe);
        Assert.That(calls, Is.Zero);
        Assert.That(troupe.Snapshot().Faulted, Is.EqualTo(1));
    }

    [Test]
    public async Task Submit_OfACancelledTask_IsCancelledAndNeverRuns([Values] bool asynchronously, [Values] bool later)
    {
        var calls = 0;
        var input = new TaskCompletionSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => ++calls, Options());
        if (!later) input.SetCanceled(new CancellationToken(true));
        var future = await SubmitTask(troupe, input.Task, asynchronously);
        if (later) input.SetCanceled(new CancellationToken(true));
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Caught(() => future.Result()), Is.InstanceOf<OperationCanceledException>());
        await End(troupe);
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Submit_OfAPendingTask_TakesAPlaceAndNoWorkerUntilItEnds([Values] bool asynchronously)
    {
        var input = new TaskCompletionSource<int>();
        var troupe = new TinyTroupe<int, int>(x => x * 2, Options(new Settings { Capacity = 2 }));
        var future = await SubmitTask(troupe, input.Task, asynchronously);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Pending));
        Assert.That(troupe.Snapshot().Waiting, Is.EqualTo(1));
        input.SetResult(4);
        Assert.That(Within.Time(future), Is.EqualTo(8));
        await End(troupe);
    }

    [Test]
    public async Task Cancel_OfADependentOfATask_LeavesTheTaskAlone()
    {
        var calls = 0;
        var input = new TaskCompletionSource<int>();
        var troupe = new TinyTroupe<int, int>(_ => ++calls, Options());
        var future = troupe.Submit(input.Task);
        Assert.That(future.Cancel(), Is.True);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(input.Task.IsCompleted, Is.False);
        input.SetResult(1);
        await End(troupe);
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Submit_OfNoTask_ThrowsAndAcceptsNothing()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        Assert.That(() => troupe.Submit((Task<int>)null!), Throws.ArgumentNullException);
        Assert.That(async () => await troupe.SubmitAsync((Task<int>)null!), Throws.ArgumentNullException);
        Assert.That(() => troupe.Submit((TinyFuture<int>)null!), Throws.ArgumentNullException);
        Assert.That(async () => await troupe.SubmitAsync((TinyFuture<int>)null!), Throws.ArgumentNullException);
        await End(troupe);
        Assert.That(troupe.Snapshot().Accepted, Is.Zero);
    }

    private static async Task<TinyFuture<int>> SubmitTask(TinyTroupe<int, int> troupe, Task<int> input, bool asynchronously) =>
        asynchronously ? await Within.Time(troupe.SubmitAsync(input).AsTask()) : troupe.Submit(input);
}
