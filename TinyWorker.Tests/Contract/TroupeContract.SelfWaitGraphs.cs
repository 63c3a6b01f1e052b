namespace TinyWorker.Tests.Contract;

// A worker may wait for a graph of futures. Whether a future depends on the worker's own troupe is found out once for each future, without
// recursion.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Wait_OfAWorkerForFuturesThatShareTheirInputs_IsAllowedQuickly()
    {
        const int Levels = 30;   // 2 to the power of 30 ways lead to the input
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                var dependent = input.Future;
                for (var level = 0; level < Levels; level++) dependent = TinyFuture.WhenAll([dependent, dependent]).Then(all => all[0]);
                Assert.That(
                    () => dependent.Result(TimeSpan.FromMilliseconds(1)), Throws.TypeOf<TimeoutException>(), "the input is no task");
                return x;
            },
            Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(1));
        input.TrySetResult(1);
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupeThroughAHundredThousandCombinators_UsesNoDeepStack(
        [Values("WhenAll", "WhenAny")] string links)
    {
        const int Links = 100_000;
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var dependent = troupe!.Submit(1);
                for (var i = 0; i < Links; i++)
                {
                    dependent = links == "WhenAll"
                        ? TinyFuture.WhenAll([dependent]).Then(all => all[0])
                        : TinyFuture.WhenAny([dependent]).Then(any => any.Result());
                }

                return dependent.Result();
            },
            Options());
        var future = SubmitElsewhere(troupe, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }

    // One future waits for the other. The other is already known to depend on the troupe when the first is checked.
    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForTheFirstOfTwoFuturesOfItsOwnTask_IsRefused([Values] bool reversed)
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var own = TinyFuture.WhenAll([troupe!.Submit(1)]);
                var dependent = TinyFuture.WhenAll([own]).Then(all => all[0]);
                TinyFuture<int[]>[] both = reversed ? [own, dependent] : [dependent, own];
                return TinyFuture.WhenAny(both).Result().Result()[0];
            },
            Options());
        var future = SubmitElsewhere(troupe, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }
}
