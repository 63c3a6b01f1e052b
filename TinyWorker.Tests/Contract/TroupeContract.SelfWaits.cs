namespace TinyWorker.Tests.Contract;

// A worker that waits for its own troupe by a detour: it is told at once, as if it had waited directly.
public abstract partial class TroupeContract
{
    private static readonly string[] Detours =
    [
        "another troupe", "another troupe twice", "a step", "a step behind another troupe", "WhenAll", "WhenAll of two types", "WhenAny", "a step behind WhenAll",
    ];

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForItsOwnTroupeBehind_ThrowsInvalidOperation([ValueSource(nameof(Detours))] string detour, [Values] bool isAwaited)
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
                    case "a step behind another troupe": return await Wait(other.Submit(mine).Then(y => y));
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
        Assert.That(Within.Time(own.Submit(2)), Is.EqualTo(2), "the troupe goes on");
        await End(own);
        await End(other);

        async ValueTask<T> Wait<T>(TinyFuture<T> behind) => isAwaited ? await behind : behind.Result();
    }

    [Test]
    public async Task Wait_OfAWorkerForWhicheverEndsFirst_IsAllowedIfOneIsNotOfItsTroupe()
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
    public async Task Wait_OfAWorkerForItsOwnTroupeBehindAHundredThousandLinks_UsesNoDeepStack(string links)
    {
        const int Links = 100_000;
        var other = new TinyTroupe<int, int>(x => x, Options(new Settings { Capacity = 2 * Links }));
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            x =>
            {
                if (x != 0) return x;
                var behind = own!.Submit(1);
                for (var i = 0; i < Links; i++) behind = links == "steps" ? behind.Then(y => y) : other.Submit(behind);
                return behind.Result();
            },
            Options());
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        await End(own);
        await End(other);
    }
}
