namespace TinyWorker.Tests.Contract;

// An await inside a worker decides once whether it would starve the worker's own troupe.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [SharesMemory("its own troupe")]
    public async Task GetResult_OfAnAwaitThatWasRefused_NeverBlocksEvenIfTheTroupeIsNoLongerThreatened()
    {
        var pending = new TinyFutureSource<int>();
        var others = new TinyFutureSource<int>();
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var mine = own!.Submit(pending.Future);
                var both = TinyFuture.WhenAll([mine, others.Future]);
                var awaiter = both.GetAwaiter();
                Assert.That(awaiter.IsCompleted, "it has an answer: the refusal");
                pending.TrySetResult(1);
                WaitForEnd(mine);
                return awaiter.GetResult()[0];   // the future waits for the others alone now
            },
            Options(new Settings { Workers = 2 }));
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        others.TrySetResult(2);
        await End(own);
    }
}
