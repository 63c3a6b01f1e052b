namespace TinyWorker.Tests.Futures;

/// <summary>
/// Awaits in a context whose Post runs the code after the await right there, on the thread that completes the future. That code may then
/// do what any code may do.
/// </summary>
internal sealed class InlinePostTests
{
    private static readonly Func<TinyFuture<int>, int>[] WaysToBlock =
    [
        future => future.Result(),
        future => future.Result(Within.Deadline),
        future => future.AsTask().GetAwaiter().GetResult(),
    ];

    [Test]
    public void CodeAfterAnAwait_ThatCompletesASourceAndBlocksOnItsDependent_GoesOn([Values(0, 1, 2)] int way, [Values] bool throughATroupe)
    {
        using var troupe = new TinyTroupe<int, int>(x => x + 1, new ThreadTroupeOptions { Workers = 1 });
        var first = new TinyFutureSource<int>();
        var second = new TinyFutureSource<int>();
        var dependent = throughATroupe ? troupe.Submit(second.Future) : TinyFuture.WhenAll([second.Future]).Then(x => x[0] + 1);
        var done = InContext(async () =>
        {
            await first.Future;
            second.TrySetResult(1);
            return WaysToBlock[way](dependent);
        });

        Within.Time(() => first.TrySetResult(0));

        Assert.That(done.IsCompletedSuccessfully, Is.True, "the code has run inside TrySetResult");
        Assert.That(done.GetAwaiter().GetResult(), Is.EqualTo(2));
    }

    [Test]
    public void CodeAfterAnAwait_ThatBlocksOnWhatWaitsForTheSameFuture_GoesOn()
    {
        using var troupe = new TinyTroupe<int, int>(x => x + 1, new ThreadTroupeOptions { Workers = 1 });
        var source = new TinyFutureSource<int>();
        TinyFuture<int>? dependent = null;
        var other = new TinyFutureSource<int>();
        var done = InContext(async () =>
        {
            await source.Future;
            return dependent!.Result() + other.Future.Result();
        });
        dependent = troupe.Submit(source.Future);                       // registered after the await
        _ = InContext(async () => other.TrySetResult(await source.Future));   // another post, which comes after the first

        Within.Time(() => source.TrySetResult(5));

        Assert.That(done.GetAwaiter().GetResult(), Is.EqualTo(11));
    }

    [Test]
    public async Task Chain_OfAHundredThousandAwaits_NeedsNoDeepStack()
    {
        const int links = 100_000;
        var sources = Enumerable.Range(0, links + 1).Select(_ => new TinyFutureSource<int>()).ToArray();
        var ends = new Task<bool>[links];
        for (var i = 0; i < links; i++)
        {
            var (before, after) = (sources[i], sources[i + 1]);
            ends[i] = InContext(async () => after.TrySetResult(await before.Future + 1));
        }

        Within.Time(() => sources[0].TrySetResult(0));

        await Within.Time(Task.WhenAll(ends));
        Assert.That(sources[links].Future.Result(), Is.EqualTo(links));
    }

    [Test]
    public async Task CodeAfterAnAwait_WhosePostThrowsAfterwards_RunsOnce()
    {
        var source = new TinyFutureSource<int>();
        var runs = 0;
        var done = InContext(
            async () =>
            {
                await source.Future;
                return Interlocked.Increment(ref runs);
            },
            new ThrowingContext());
        source.TrySetResult(1);
        await Within.Time(done);
        using var emptied = new ManualResetEventSlim();
        ThreadPool.UnsafeQueueUserWorkItem(_ => emptied.Set(), null);
        Within.Time(emptied.Wait);
        Assert.That(runs, Is.EqualTo(1));
    }

    private static Task<T> InContext<T>(Func<Task<T>> step, SynchronizationContext? context = null)
    {
        var before = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(context ?? new InlineContext());
        try
        {
            return step();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private class InlineContext : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => d(state);
    }

    private sealed class ThrowingContext : InlineContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            base.Post(d, state);
            throw new NotSupportedException("after the post");
        }
    }
}
