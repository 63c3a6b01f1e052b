namespace TinyWorker.Tests.Contract;

// The synchronization context of a worker's thread, in the hands of its code.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Context_OfAWorkersThread_TakesPostsOnly()
    {
        var troupe = new TinyTroupe<int, bool>(
            async _ =>
            {
                await Task.Yield();
                var context = SynchronizationContext.Current!;
                if (!ReferenceEquals(context.CreateCopy(), context)) throw new InvalidOperationException("A copy would not lead to this thread.");
                context.Send(static _ => { }, null);
                return true;
            },
            new ThreadTroupeOptions { Workers = 1 });
        var sending = troupe.Submit(1);
        Assert.That(() => Within.Time(sending), Throws.TypeOf<NotSupportedException>());
        await End(troupe);
    }
}
