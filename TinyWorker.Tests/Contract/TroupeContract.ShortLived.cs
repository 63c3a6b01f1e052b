namespace TinyWorker.Tests.Contract;

// Troupes that end as soon as they are made: every accepted task ends, and every worker that was made is disposed.
public abstract partial class TroupeContract
{
    private const int ShortLivedTroupes = 100;

    [Test]
    public async Task Submit_AndDisposeAtOnce_RunsEveryTask([Values] bool asynchronously)
    {
        var made = 0;
        var disposed = 0;
        for (var round = 0; round < ShortLivedTroupes; round++)
        {
            var troupe = Counted(() => Interlocked.Increment(ref made), () => Interlocked.Increment(ref disposed));
            var futures = Enumerable.Range(0, 4).Select(i => troupe.Submit(i)).ToArray();
            var chained = troupe.Submit(futures[3]);
            if (asynchronously) await End(troupe);
            else Within.Time(troupe.Dispose, "the disposal");
            Assert.That(futures.Append(chained).Select(future => future.Status), Is.All.EqualTo(TinyFutureStatus.Succeeded));
        }

        Assert.That((made, disposed), Is.EqualTo((2 * ShortLivedTroupes, 2 * ShortLivedTroupes)));
    }

    [Test]
    public async Task Dispose_OfATroupeThatWasJustMade_Ends()
    {
        var made = 0;
        var disposed = 0;
        for (var round = 0; round < ShortLivedTroupes; round++)
            await End(Counted(() => Interlocked.Increment(ref made), () => Interlocked.Increment(ref disposed)));
        Assert.That((made, disposed), Is.EqualTo((2 * ShortLivedTroupes, 2 * ShortLivedTroupes)));
    }

    [TestCase("Abort")]
    [TestCase("StopAsync with a cancelled token")]
    public async Task Abort_OfATroupeThatWasJustMade_EndsEveryTaskAndDisposesEveryWorker(string how)
    {
        var made = 0;
        var disposed = 0;
        for (var round = 0; round < ShortLivedTroupes; round++)
        {
            var troupe = Counted(() => Interlocked.Increment(ref made), () => Interlocked.Increment(ref disposed));
            var futures = Enumerable.Range(0, 4).Select(i => troupe.Submit(i)).ToArray();
            if (how == "Abort") troupe.Abort();
            else await Within.Time(troupe.StopAsync(new CancellationToken(true)));
            await End(troupe);
            Assert.That(
                futures.Select(future => future.Status),
                Is.All.EqualTo(TinyFutureStatus.Succeeded).Or.EqualTo(TinyFutureStatus.Canceled));
            var now = troupe.Snapshot();
            Assert.That((now.Accepted, now.Succeeded + now.Canceled, now.Waiting, now.Running), Is.EqualTo((4L, 4L, 0, 0)));
        }

        WaitForTheKilled();
        Assert.That(disposed, Is.EqualTo(made));
    }

    private TinyTroupe<int, int> Counted(Action made, Action disposed) => new(
        _ =>
        {
            made();
            return new FunctionWorker(x => x, disposed);
        },
        Options(new Settings { Workers = 2, Grace = Timeout.InfiniteTimeSpan }));
}
