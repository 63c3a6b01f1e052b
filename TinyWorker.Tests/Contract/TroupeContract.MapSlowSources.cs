using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Contract;

// An asynchronous source that is slow.
public abstract partial class TroupeContract
{
    [Test]
    public async Task MapAsync_OfASourceThatIsPending_DeliversFinishedResults([Values] bool ordered, [Values] bool outcomes)
    {
        var source = new SlowSource(3);
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 2 }));
        var options = new MapOptions { Ordered = ordered, Window = 8 };
        var results = outcomes ? Values(troupe.MapOutcomesAsync(source.Read(), options)) : troupe.MapAsync(source.Read(), options);
        await using var map = results.GetAsyncEnumerator();
        var seen = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            Assert.That(await Within.Time(map.MoveNextAsync().AsTask()), Is.True);
            seen.Add(map.Current);
        }

        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, 3)));
        var next = map.MoveNextAsync().AsTask();
        Assert.That(next.IsCompleted, Is.False);
        source.Go.SetResult();
        Assert.That(await Within.Time(next), Is.True);
        Assert.That(map.Current, Is.EqualTo(3));
        Assert.That(await Within.Time(map.MoveNextAsync().AsTask()), Is.False);
        Assert.That(source.Ends, Is.EqualTo(1));
        await End(troupe);

        static async IAsyncEnumerable<int> Values(IAsyncEnumerable<TinyOutcome<int, int>> map)
        {
            await foreach (var outcome in map) yield return outcome.Value;
        }
    }

    [Test]
    public async Task MapAsync_CancelledWhileItWaitsForItsSource_EndsAtOnce([Values] bool ordered)
    {
        using var cancellation = new CancellationTokenSource();
        var source = new SlowSource(0);
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = Collect(troupe.MapAsync(source.Read(), new MapOptions { Ordered = ordered }, cancellation.Token));
        Within.Until(() => source.IsPending, "the source to be asked");
        Assert.That(map.IsCompleted, Is.False);
        await cancellation.CancelAsync();
        Assert.That(await CaughtAsync(() => Within.Time(map)), Is.InstanceOf<OperationCanceledException>());
        Assert.That((source.Ends, source.WasCancelled), Is.EqualTo((1, true)));
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_OfASourceThatIgnoresItsToken_EndsOnceTheSourceHasAnswered()
    {
        var calls = 0;
        var source = new SlowSource(1) { ObservesItsToken = false };
        var troupe = new TinyTroupe<int, int>(_ => Interlocked.Increment(ref calls), Options());
        var map = troupe.MapAsync(source.Read()).GetAsyncEnumerator();
        Assert.That(await Within.Time(map.MoveNextAsync().AsTask()), Is.True);
        var next = map.MoveNextAsync().AsTask();
        Within.Until(() => source.IsPending, "the source to be asked");
        source.Go.SetResult();
        Assert.That(await Within.Time(next), Is.True);
        await Within.Time(map.DisposeAsync().AsTask());
        Assert.That((calls, source.Ends), Is.EqualTo((2, 1)));
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_CancelledWhileItsSourceIgnoresItsToken_EndsOnceTheSourceHasAnswered(
        [Values] bool ordered, [Values] bool sourceThrows)
    {
        using var cancellation = new CancellationTokenSource();
        var source = new SlowSource(0) { ObservesItsToken = false };
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = Collect(troupe.MapAsync(source.Read(), new MapOptions { Ordered = ordered }, cancellation.Token));
        Within.Until(() => source.IsPending, "the source to be asked");
        await cancellation.CancelAsync();
        Assert.That((map.IsCompleted, source.Ends), Is.EqualTo((false, 0)), "the source has not answered");
        if (sourceThrows) source.Go.SetException(new InvalidOperationException("of the source, too late"));
        else source.Go.SetResult();
        Assert.That(await CaughtAsync(() => Within.Time(map)), Is.InstanceOf<OperationCanceledException>());
        Assert.That((source.Ends, source.WasCancelled), Is.EqualTo((1, true)));
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").Zero.And.Property("Running").Zero);
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_WhoseSourceThrowsWhenItIsCancelled_StillEnds()
    {
        var source = new SlowSource(1) { OnCancel = () => throw new FormatException("of a callback on the source's token") };
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = troupe.MapAsync(source.Read()).GetAsyncEnumerator();
        Assert.That(await Within.Time(map.MoveNextAsync().AsTask()), Is.True);
        _ = await CaughtAsync(() => Within.Time(map.DisposeAsync().AsTask()));
        Assert.That(source.Ends, Is.EqualTo(1), "the source is disposed");
        await End(troupe);
    }

    [Test]
    public async Task MapAsync_WithATokenThatHasFired_ReadsNothing()
    {
        var source = new SlowSource(1);
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        var map = troupe.MapAsync(source.Read(), cancellationToken: new CancellationToken(true));
        var error = await CaughtAsync(() => Within.Time(Collect(map)));
        Assert.That(error, Is.InstanceOf<OperationCanceledException>());
        Assert.That((source.Ends, troupe.Snapshot().Accepted), Is.EqualTo((0, 0L)));
        await End(troupe);
    }

    /// <summary>Yields some numbers at once, and one more when <see cref="Go"/> is completed.</summary>
    private protected sealed class SlowSource(int atOnce)
    {
        private volatile bool _isPending;
        private int _ends;

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool ObservesItsToken { get; init; } = true;

        public Action? OnCancel { get; init; }

        public bool IsPending => _isPending;

        public int Ends => Volatile.Read(ref _ends);

        public bool WasCancelled { get; private set; }

        public async IAsyncEnumerable<int> Read([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            using var registration = cancellationToken.Register(() => OnCancel?.Invoke());
            try
            {
                for (var i = 0; i < atOnce; i++) yield return i;
                _isPending = true;
                await Go.Task.WaitAsync(ObservesItsToken ? cancellationToken : CancellationToken.None);
                yield return atOnce;
            }
            finally
            {
                WasCancelled = cancellationToken.IsCancellationRequested;
                Interlocked.Increment(ref _ends);
            }
        }
    }
}
