namespace TinyWorker.Tests.Streaming;

/// <summary>Items that are on their way into a troupe when the map, or the troupe, ends.</summary>
internal sealed class LateItemTests
{
    [Test]
    public async Task Map_WaitingForAPlaceInATroupeThatIsStopped_YieldsWhatItHasAndTellsSo()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(gate);
                return x;
            },
            new ThreadTroupeOptions { Workers = 1, Capacity = 1 });
        var read = 0;
        var seen = new List<int>();
        Exception? error = null;
        var map = Task.Factory.StartNew(
            () =>
            {
                try
                {
                    foreach (var x in troupe.Map(Source(), new MapOptions { Window = 8 })) seen.Add(x);
                }
                catch (ObjectDisposedException e)
                {
                    error = e;
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        // One runs, one waits, and the third waits at the gate.
        Within.Until(() => Volatile.Read(ref read) == 3 && troupe.Snapshot().Waiting == 1, "a full troupe");
        var ending = troupe.DisposeAsync().AsTask();
        gate.Set();
        await Within.Time(map);
        await Within.Time(ending);
        Assert.That(error, Is.Not.Null);
        Assert.That(seen, Is.EqualTo(new[] { 0, 1 }));

        IEnumerable<int> Source()
        {
            for (var i = 0; i < 10; i++)
            {
                Interlocked.Increment(ref read);
                yield return i;
            }
        }
    }

    // A troupe of another kind may accept an item although its wait was cancelled: the map does not leave it behind.
    [Test]
    public async Task MapAsync_LeftWhileATroupeAcceptsAnItemAllTheSame_CancelsItAndWaitsForIt()
    {
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                if (x > 0) await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return x;
            },
            new PoolTroupeOptions { Workers = 2 });
        await using var stubborn = new AcceptsLate(troupe);
        await Within.Time(Task.Run(async () =>
        {
            await foreach (var x in stubborn.MapAsync(Enumerable.Range(0, 10), new MapOptions { Window = 4 }))
            {
                Assert.That(x, Is.Zero);
                break;
            }
        }));
        var late = stubborn.Late;
        Assert.That(late, Is.Not.Null, "one was accepted late");
        Assert.That(late!.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    /// <summary>Takes the first item at once, and each other one when its token has fired.</summary>
    private sealed class AcceptsLate(TinyTroupe<int, int> troupe) : ITinyTroupe<int, int>
    {
        public TinyFuture<int>? Late { get; private set; }

        public string Name => troupe.Name;

        public async ValueTask<TinyFuture<int>> SubmitAsync(int input, CancellationToken cancellationToken = default)
        {
            if (input == 0) return troupe.Submit(input, CancellationToken.None);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Late = troupe.Submit(input, CancellationToken.None);
        }

        public TinyFuture<int> Submit(int input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public TinyFuture<int> Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<TinyFuture<int>> SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => troupe.DisposeAsync();
    }
}
