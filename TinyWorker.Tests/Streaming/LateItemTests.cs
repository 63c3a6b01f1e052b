namespace TinyWorker.Tests.Streaming;

/// <summary>Items that are being submitted when the map, or the troupe, ends.</summary>
internal sealed class LateItemTests
{
    [Test]
    public async Task Map_WaitingForAPlaceInATroupeThatIsStopped_YieldsWhatItHasAndThrows()
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

    // A troupe of another library may accept an item although the wait for it was cancelled: the map does not leave the item behind.
    [Test]
    public async Task MapAsync_LeftWhileATroupeStillAcceptsAnItem_CancelsItAndWaitsForIt()
    {
        // The first result comes only when the second item is being submitted: else the map might be left before.
        var submitting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                if (x > 0) await Task.Delay(Timeout.InfiniteTimeSpan, token);
                else await submitting.Task;
                return x;
            },
            new PoolTroupeOptions { Workers = 2 });
        await using var stubborn = new AcceptsLate(troupe, submitting);
        await Within.Time(Task.Run(async () =>
        {
            await foreach (var x in stubborn.MapAsync(Enumerable.Range(0, 10), new MapOptions { Window = 4 }))
            {
                Assert.That(x, Is.Zero);
                break;
            }
        }));
        var late = stubborn.Late;
        Assert.That(late, Is.Not.Null, "an item was accepted late");
        Assert.That(late!.Status, Is.EqualTo(TinyFutureStatus.Canceled));
    }

    /// <summary>Accepts the first item at once, and every other item when its token has fired.</summary>
    private sealed class AcceptsLate(TinyTroupe<int, int> troupe, TaskCompletionSource submitting) : ITinyTroupe<int, int>
    {
        public TinyFuture<int>? Late { get; private set; }

        public string Name => troupe.Name;

        public async ValueTask<TinyFuture<int>> SubmitAsync(int input, CancellationToken cancellationToken = default)
        {
            if (input == 0) return troupe.Submit(input, CancellationToken.None);
            submitting.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Late = troupe.Submit(input, CancellationToken.None);
        }

        public TinyFuture<int> Submit(int input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public TinyFuture<int> Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<TinyFuture<int>> SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => troupe.WhenReadyAsync(cancellationToken);

        public TroupeSnapshot Snapshot() => troupe.Snapshot();

        public TroupeExplanation Explain(TroupeExplanation? since = null) => troupe.Explain(since);

        public Task StopAsync(CancellationToken cancellationToken) => troupe.StopAsync(cancellationToken);

        public void Abort() => troupe.Abort();

        public ValueTask DisposeAsync() => troupe.DisposeAsync();
    }
}
