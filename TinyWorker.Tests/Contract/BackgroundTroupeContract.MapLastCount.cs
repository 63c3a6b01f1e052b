using TinyWorker.Futures;

namespace TinyWorker.Tests.Contract;

// A task's end can be seen before those who wait for it are told: a map may be over by then.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Progress_OfAMapThatIsOverBeforeItsLastTaskHasToldIt_CountsThatTask()
    {
        using var task = new ManualResetEventSlim();
        using var isOver = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => Pass(task, x), Options());
        var late = new LateTroupe(troupe, isOver);
        var progress = new Recorder();
        try
        {
            Within.Time(() => Assert.That(late.Map(Source(), new MapOptions { Progress = progress }), Is.EqualTo(new[] { 7 })), "the map");
        }
        finally
        {
            isOver.Set();
        }

        await End(troupe);
        Assert.That(progress.Reports[^1].Completed, Is.EqualTo(1));

        IEnumerable<int> Source()
        {
            yield return 7;
            task.Set();
            Within.Until(() => late.Last!.IsCompleted, "the end of the task");
        }
    }

    /// <summary>Whoever waits for its futures is told of the end only when it may be.</summary>
    private sealed class LateTroupe(TinyTroupe<int, int> troupe, ManualResetEventSlim gate) : ITinyTroupe<int, int>, IContinuation
    {
        public string Name => troupe.Name;

        public TinyFuture<int>? Last { get; private set; }

        public bool IsAbandoned => false;

        public void OnSourceCompleted() => gate.Wait(TimeSpan.FromSeconds(2));

        public TinyFuture<int> Submit(int input, CancellationToken cancellationToken = default)
        {
            Last = troupe.Submit(input, cancellationToken);
            Last.AddContinuation(this);
            return Last;
        }

        public TinyFuture<int> Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<TinyFuture<int>> SubmitAsync(int input, CancellationToken cancellationToken = default) => new(Submit(input, cancellationToken));

        public ValueTask<TinyFuture<int>> SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => default;
    }
}
