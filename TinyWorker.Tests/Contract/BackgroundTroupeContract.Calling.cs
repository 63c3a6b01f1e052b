namespace TinyWorker.Tests.Contract;

// A token that fires while the task runs.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task CallAsync_WhoseTokenFiresWhileTheTaskRuns_CancelsTheTask()
    {
        using var source = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(ForEverAsync, Options());
        var runs = troupe.CallAsync(1, source.Token).AsTask();
        Within.Until(() => troupe.Snapshot().Running == 1, "the start");
        await source.CancelAsync();
        Assert.That(() => Within.Time(runs), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(troupe.Snapshot() is { Accepted: 1, Canceled: 1 }, Is.True);
        await End(troupe);
    }

    [Test]
    public async Task TrySubmit_WithAToken_CancelsTheTaskWaitingOrRunning()
    {
        using var source = new CancellationTokenSource();
        var troupe = new TinyTroupe<int, int>(ForEverAsync, Options());
        Assert.That(troupe.TrySubmit(1, out var running, source.Token), Is.True);
        Within.Until(() => running!.Status == TinyFutureStatus.Running, "the start");
        Assert.That(troupe.TrySubmit(2, out var waiting, source.Token), Is.True);
        await source.CancelAsync();
        WaitForEnd(running!);
        WaitForEnd(waiting!);
        Assert.That((running!.Status, waiting!.Status), Is.EqualTo((TinyFutureStatus.Canceled, TinyFutureStatus.Canceled)));
        await End(troupe);
    }

    private static async Task<int> ForEverAsync(int x, CancellationToken token)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, token);
        return x;
    }
}
