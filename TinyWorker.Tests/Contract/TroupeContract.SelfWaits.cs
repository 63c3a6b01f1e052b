namespace TinyWorker.Tests.Contract;

// A worker that waits indirectly for its own troupe is refused at once, as if it waited directly.
public abstract partial class TroupeContract
{
    private static readonly string[] Detours =
    [
        "another troupe", "another troupe twice", "a step", "a step after another troupe",
        "WhenAll", "WhenAll of two types", "WhenAny", "a step after WhenAll",
    ];

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupeThrough_ThrowsInvalidOperation(
        [ValueSource(nameof(Detours))] string detour, [Values] bool isAwaited)
    {
        var pending = new TinyFutureSource<int>();
        var other = new TinyTroupe<int, int>(x => x, Options());
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                var mine = own!.Submit(1);
                switch (detour)
                {
                    case "another troupe": return await Wait(other.Submit(mine));
                    case "another troupe twice": return await Wait(other.Submit(other.Submit(mine)));
                    case "a step": return await Wait(mine.Then(y => y));
                    case "a step after another troupe": return await Wait(other.Submit(mine).Then(y => y));
                    case "WhenAll": return (await Wait(TinyFuture.WhenAll([pending.Future, other.Submit(mine)])))[1];
                    case "WhenAll of two types": return (await Wait(TinyFuture.WhenAll(pending.Future, mine.Then(y => y)))).Item2;
                    case "WhenAny": return (await Wait(TinyFuture.WhenAny([mine, other.Submit(mine)]))).Result();
                    default: return await Wait(TinyFuture.WhenAll([mine]).Then(all => all[0]));
                }
            },
            Options());
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        Assert.That(Within.Time(own.Submit(2)), Is.EqualTo(2), "the troupe can be used further");
        await End(own);
        await End(other);

        async ValueTask<T> Wait<T>(TinyFuture<T> dependent) => isAwaited ? await dependent : dependent.Result();
    }

    [Test]
    public async Task Wait_OfAWorkerForTheFirstOfTwoFutures_IsAllowedIfOneIsNotOfItsTroupe()
    {
        var other = new TinyTroupe<int, int>(x => x, Options());
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            async x => x == 0 ? await await TinyFuture.WhenAny([own!.Submit(1), other.Submit(7)]) : x, Options());
        Assert.That(Within.Time(SubmitElsewhere(own, 0)), Is.EqualTo(7));
        await End(own);
        await End(other);
    }

    [TestCase("steps")]
    [TestCase("tasks of another troupe")]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupeThroughAHundredThousandLinks_UsesNoDeepStack(string links)
    {
        const int Links = 100_000;
        var other = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 2 * Links }));
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var dependent = own!.Submit(1);
                for (var i = 0; i < Links; i++) dependent = links == "steps" ? dependent.Then(y => y) : other.Submit(dependent);
                return dependent.Result();
            },
            Options());
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        await End(own);
        await End(other);
    }
}
