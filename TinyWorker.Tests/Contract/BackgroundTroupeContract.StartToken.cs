namespace TinyWorker.Tests.Contract;

// The token of StartAsync is only for the start.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task StartToken_OfAWorkerThatHasStarted_DoesNotFireWhenATaskIsCancelled()
    {
        var worker = new RegistersAtStart();
        var troupe = new TinyTroupe<int, int>(_ => worker, Options());
        var future = troupe.Submit(1);
        Within.Until(() => future.Status == TinyFutureStatus.Running, "the start");
        future.Cancel();
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        // True would mean that the callback is still registered: at the token of the task.
        Assert.That(worker.Registration.Unregister(), Is.False);
        await worker.Registration.DisposeAsync();   // waits for a call under way
        Assert.That(worker.Calls, Is.Zero);
        await End(troupe);
    }

    private sealed class RegistersAtStart : TinyAsyncWorker<int, int>
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public CancellationTokenRegistration Registration { get; private set; }

        public override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            Registration = cancellationToken.Register(() => Interlocked.Increment(ref _calls));
            return default;
        }

        public override async ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return input;
        }
    }
}
