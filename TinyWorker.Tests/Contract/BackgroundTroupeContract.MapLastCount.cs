using TinyWorker.Futures;

namespace TinyWorker.Tests.Contract;

// The end of a task is visible before its continuations are called. A map may have ended by then.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Progress_OfAMapThatEndsBeforeItsLastTaskHasNotifiedIt_CountsThatTask()
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

    /// <summary>Delays the continuations of its futures until the gate is open.</summary>
    private sealed class LateTroupe(TinyTroupe<int, int> troupe, ManualResetEventSlim gate) : ITinyTroupe<int, int>, IContinuation
    {
        public string Name => troupe.Name;

        public TinyFuture<int>? Last { get; private set; }

        public bool IsAbandoned => false;

        public bool OnSourceCompleted()
        {
            gate.Wait(TimeSpan.FromSeconds(2));
            return true;
        }

        public TinyFuture<int> Submit(int input, CancellationToken cancellationToken = default)
        {
            Last = troupe.Submit(input, cancellationToken);
            Last.AddContinuation(this);
            return Last;
        }

        public TinyFuture<int> Submit(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<TinyFuture<int>> SubmitAsync(int input, CancellationToken cancellationToken = default) =>
            new(Submit(input, cancellationToken));

        public ValueTask<TinyFuture<int>> SubmitAsync(TinyFuture<int> input, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task WhenReadyAsync(CancellationToken cancellationToken = default) => troupe.WhenReadyAsync(cancellationToken);

        public TroupeSnapshot Snapshot() => troupe.Snapshot();

        public TroupeExplanation Explain(TroupeExplanation? since = null) => troupe.Explain(since);

        public Task StopAsync(CancellationToken cancellationToken) => troupe.StopAsync(cancellationToken);

        public void Abort() => troupe.Abort();

        public ValueTask DisposeAsync() => default;
    }
}
