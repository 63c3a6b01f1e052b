namespace TinyWorker.Tests.Contract;

// What a worker waits for may be a graph, not a chain: whether its own troupe is behind it is found out once a future, on a flat stack.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Wait_OfAWorkerForFuturesThatMeetAgainAndAgain_TakesNoTimeToAllow()
    {
        const int Levels = 30;   // 2 to the power of 30 ways lead to the input
        var input = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                var behind = input.Future;
                for (var level = 0; level < Levels; level++) behind = TinyFuture.WhenAll([behind, behind]).Then(all => all[0]);
                Assert.That(() => behind.Result(TimeSpan.FromMilliseconds(1)), Throws.TypeOf<TimeoutException>(), "the input is nobody's task");
                return x;
            },
            Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(1));
        input.TrySetResult(1);
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupeBehindAHundredThousandCombinators_UsesNoDeepStack([Values("WhenAll", "WhenAny")] string links)
    {
        const int Links = 100_000;
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var behind = troupe!.Submit(1);
                for (var i = 0; i < Links; i++)
                    behind = links == "WhenAll" ? TinyFuture.WhenAll([behind]).Then(all => all[0]) : TinyFuture.WhenAny([behind]).Then(any => any.Result());
                return behind.Result();
            },
            Options());
        var future = SubmitElsewhere(troupe, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }

    // One of the futures is known to be behind the troupe when the other, which waits for it, is looked at.
    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForTheFirstOfTwoThatMeetInItsOwnTask_IsRefused([Values] bool reversed)
    {
        TinyTroupe<int, int>? troupe = null;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var own = TinyFuture.WhenAll([troupe!.Submit(1)]);
                var behind = TinyFuture.WhenAll([own]).Then(all => all[0]);
                TinyFuture<int[]>[] both = reversed ? [own, behind] : [behind, own];
                return TinyFuture.WhenAny(both).Result().Result()[0];
            },
            Options());
        var future = SubmitElsewhere(troupe, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }
}
