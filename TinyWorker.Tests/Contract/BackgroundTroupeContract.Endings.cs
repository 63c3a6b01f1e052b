namespace TinyWorker.Tests.Contract;

// Ends that meet something else: tasks that may run again, a replacement, a try that has failed.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Abort_WithATaskThatIgnoresItsToken_LeavesIdleWorkersTheirDisposal()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(x => Begin(begun, hung, x), () => Interlocked.Increment(ref disposed)),
            Options(new Settings { Workers = 3, MaxAttempts = 2, Grace = TimeSpan.FromMilliseconds(50) }));
        await Within.Time(troupe.WhenReadyAsync());
        var stuck = troupe.Submit(1);
        Within.Wait(begun, "the start");
        troupe.Abort();
        await End(troupe);
        Assert.That(stuck.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(KillsHungWorkers ? 0 : 1));
        Assert.That(disposed, Is.EqualTo(2), "the two that had nothing to do");
        hung.Set();
    }

    [Test]
    public async Task MakeTimeout_DuringThePauseAfterAFailedTry_DoesNotRunOn()
    {
        var tries = 0;
        var troupe = new TinyTroupe<int, int>(
            info => info.Restarts == 0 || Interlocked.Increment(ref tries) > 4 ? new FunctionWorker(Spoil) : throw new FormatException(),
            Options(new Settings
            {
                ReplaceWorkerWhen = static e => e is NotSupportedException, MakeTimeout = TimeSpan.FromSeconds(5),
                Grace = TimeSpan.FromMilliseconds(20),
            }));
        await Within.Time(troupe.WhenReadyAsync());
        WaitForEnd(troupe.Submit(-1));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(troupe.Snapshot(), Has.Property("Abandoned").Zero.And.Property("Workers").One.Property("Restarts").EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task CompleteAsync_WithADisposalThatThrows_TellsTheFirstWhoWaits([Values] bool waitsItself)
    {
        var troupe = new TinyTroupe<int, int>(
            static _ => new FunctionWorker(static x => x, static () => throw new FormatException("the flush")), Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        var completing = troupe.CompleteAsync(new CancellationToken(canceled: !waitsItself));
        if (!waitsItself)
        {
            await Assert.CatchAsync<OperationCanceledException>(() => Within.Time(completing));
            completing = End(troupe);
        }

        await Assert.ThrowsAsync<FormatException>(() => Within.Time(completing));
        await End(troupe);
    }

    [Test]
    public async Task Dispose_WhileAWorkerIsDisposedForAReplacement_IsToldWhatThatThrows()
    {
        using var disposing = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(x => x, () =>
            {
                disposing.Set();
                Within.Wait(gate);
                throw new FormatException("the flush");
            }),
            Options(new Settings { MaxTasksPerWorker = 1 }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Within.Wait(disposing, "the disposal");
        var ending = troupe.DisposeAsync().AsTask();
        gate.Set();
        await Assert.ThrowsAsync<FormatException>(() => Within.Time(ending));
    }
}
