namespace TinyWorker.Tests.Contract;

// Steps whose function returns a future or a task, on the futures of a troupe and from inside a worker.
public abstract partial class TroupeContract
{
    private static readonly string[] Unwrapped =
    [
        "a step", "a step after a slow step", "two steps", "a step of a step", "WhenAll", "WhenAny", "a task of another troupe", "Recover",
        "WhenEach",
    ];

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForAStepThatReturnsAFutureOfItsOwnTroupe_ThrowsInvalidOperation(
        [ValueSource(nameof(Unwrapped))] string step, [Values("Result", "await", "WaitAsync", "Result with a timeout")] string wait)
    {
        var other = new TinyTroupe<int, int>(x => x, Options());
        using var waits = new ManualResetEventSlim();
        TinyTroupe<int, int>? own = null;
        own = new TinyTroupe<int, int>(
            async x =>
            {
                if (x != 0) return x;
                var never = new TinyFutureSource<int>();
                // From here on the function of each step, on the pool, waits until the worker waits.
                TinyFuture<int> Own(int y)
                {
                    Within.Wait(waits);
                    return own!.Submit(never.Future);
                }

                var begun = other.Submit(1);
                switch (step)
                {
                    case "a step": return await Wait(begun.Then(Own));
                    case "a step after a slow step": return await Wait(begun.Then(y => other.Submit(y)).Then(Own));
                    case "two steps": return await Wait(begun.Then(Own).Then(y => other.Submit(y)));
                    case "a step of a step": return await Wait(begun.Then(y => other.Submit(y).Then(Own)));
                    case "WhenAll": return (await Wait(TinyFuture.WhenAll([begun, begun.Then(Own)])))[0];
                    case "WhenAny": return (await Wait(TinyFuture.WhenAny([begun.Then(Own), begun.Then(Own)]))).Result();
                    case "a task of another troupe": return await Wait(other.Submit(begun.Then(Own)));
                    case "WhenEach": return await Each(begun.Then(Own));
                    default: return await Wait(begun.Then(Own).Recover(_ => 7));
                }
            },
            Options());
        var future = SubmitElsewhere(own, 0);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.InstanceOf<InvalidOperationException>().With.Message.Contains(own.Name));
        Assert.That(Within.Time(own.Submit(2)), Is.EqualTo(2), "the troupe can be used further");
        own.Abort();
        await End(own);
        await End(other);

        async ValueTask<int> Each(TinyFuture<int> dependent)
        {
            await using var each = TinyFuture.WhenEach([dependent]).GetAsyncEnumerator();
            var next = each.MoveNextAsync();
            waits.Set();
            await next;
            return each.Current.Result();
        }

        async ValueTask<T> Wait<T>(TinyFuture<T> dependent)
        {
            switch (wait)
            {
                case "await":
                    var awaiting = Awaiting();
                    waits.Set();
                    return await awaiting;
                case "WaitAsync":
                    var waiting = dependent.WaitAsync(Timeout.InfiniteTimeSpan);
                    waits.Set();
                    return await waiting;
                default:
                    waits.Set();
                    return wait == "Result" ? dependent.Result() : dependent.Result(Within.Deadline);
            }

            async Task<T> Awaiting() => await dependent;
        }
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Wait_OfAWorkerForAStepThatReturnsAFutureOfAnotherTroupe_IsAllowed(
        [Values("Result", "await", "WaitAsync")] string wait)
    {
        var other = new TinyTroupe<int, int>(x => x + 1, Options());
        var own = new TinyTroupe<int, int>(
            async x =>
            {
                var step = other.Submit(x).Then(y => other.Submit(y)).Then(y => other.Submit(y));
                return wait switch
                {
                    "Result" => step.Result(),
                    "await" => await step,
                    _ => await step.WaitAsync(Within.Deadline),
                };
            },
            Options());
        for (var i = 0; i < 20; i++) Assert.That(Within.Time(SubmitElsewhere(own, i)), Is.EqualTo(i + 3));
        await End(own);
        await End(other);
    }

    [Test]
    public async Task Step_ThatSubmits_EndsAsTheTaskDoes()
    {
        var troupe = new TinyTroupe<int, int>(x => x < 0 ? throw new FormatException("mine") : x + 1, Options());
        Assert.That(Within.Time(troupe.Submit(1).Then(x => troupe.Submit(x)).Then(x => troupe.Submit(x))), Is.EqualTo(4));
        var failed = troupe.Submit(1).Then(x => troupe.Submit(-x));
        Assert.That(() => Within.Time(failed), Throws.TypeOf<FormatException>());
        Assert.That(await CaughtAsync(async () => await failed), Is.TypeOf<FormatException>().With.Property("StackTrace").Not.Null);
        await End(troupe);
    }
}
