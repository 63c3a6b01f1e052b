namespace TinyWorker.Tests.Contract;

// A troupe that is broken because one of its workers could not be made.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Submit_ToABrokenTroupe_NeverSucceedsThoughTheOtherWorkerLives()
    {
        const int Rounds = 20;
        const int Count = 500;
        for (var round = 0; round < Rounds; round++)
        {
            var troupe = Broken(new FunctionWorker(x => x));
            Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());
            for (var i = 0; i < Count; i++)
            {
                var future = troupe.Submit(i);
                WaitForEnd(future);
                Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Faulted));
            }

            await End(troupe);
            Assert.That(troupe.Snapshot().Faulted, Is.EqualTo(Count));
        }
    }

    [Test]
    public async Task Abort_OfABrokenTroupeUnderSubmissions_Ends()
    {
        const int Rounds = 30;
        for (var round = 0; round < Rounds; round++)
        {
            var troupe = Broken(new RunsUntilCancelled());
            Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());
            var submitted = 0;
            var submitting = Task.Factory.StartNew(
                () =>
                {
                    while (true)
                    {
                        _ = troupe.Submit(1);
                        Interlocked.Increment(ref submitted);
                    }
                },
                CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Within.Until(() => Volatile.Read(ref submitted) > 20, "some submissions");
            troupe.Abort();
            Assert.That(async () => await Within.Time(submitting), Throws.TypeOf<ObjectDisposedException>());
            await End(troupe);
        }
    }

    private TinyTroupe<int, int> Broken(ITinyWorker<int, int> other) => new(
        info => info.Index == 1 ? throw new FormatException() : other,
        Options(new Settings { Workers = 2, Grace = Timeout.InfiniteTimeSpan }));

    private sealed class RunsUntilCancelled : TinyAsyncWorker<int, int>
    {
        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return input;
        }
    }
}
