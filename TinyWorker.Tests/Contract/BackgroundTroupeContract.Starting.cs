using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// Troupes that end while their workers are being made.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [SharesMemory("the start's token: a process that is still starting is killed at once")]
    public async Task Abort_WhileWorkersAreStarting_CancelsTheirStartAndTheWaitingTasks()
    {
        using var started = new CountdownEvent(2);
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => new StartsUntilCancelled(() => started.Signal(), () => Interlocked.Increment(ref disposed)),
            Options(new Settings { Workers = 2, Grace = Timeout.InfiniteTimeSpan }));
        var ready = troupe.WhenReadyAsync();
        var waiting = troupe.Submit(1);
        Assert.That(started.Wait(Within.Deadline), Is.True);
        troupe.Abort();
        WaitForEnd(waiting);
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
        Assert.That(disposed, Is.EqualTo(2));
        Assert.That(async () => await Within.Time(ready), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    [SharesMemory("the thread of a factory that returns late: a process that is still starting is killed at once")]
    public async Task Abort_WhileAFactoryIgnoresIt_AbandonsItAfterTheGraceAndDisposesTheLateWorker()
    {
        using var gate = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        var calls = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                entered.Set();
                Pass(gate, 0);
                return new FunctionWorker(_ => ++calls, () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Grace = TimeSpan.FromSeconds(5), Clock = clock }));
        var waiting = troupe.Submit(1);
        Within.Wait(entered);
        troupe.Abort();
        WaitForEnd(waiting);
        var ending = End(troupe);
        clock.Advance(TimeSpan.FromSeconds(4));
        Assert.That(ending.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));
        await ending;
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(1));
        gate.Set();
        Within.Until(() => Volatile.Read(ref disposed) == 1, "the disposal of the late worker");
        Assert.That(calls, Is.Zero);
    }

    [Test]
    public async Task Dispose_WhileWorkersAreStarting_WaitsForThemAndRunsTheAcceptedTasks()
    {
        using var gate = new ManualResetEventSlim();
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Pass(gate, 0);
                return new FunctionWorker(x => x, () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Workers = 2 }));
        var future = troupe.Submit(1);
        var ending = End(troupe);
        Assert.That(ending.IsCompleted, Is.False);
        gate.Set();
        await ending;
        Assert.That(future.Result(), Is.EqualTo(1));
        Assert.That(disposed, Is.EqualTo(2));
    }

    [Test]
    public async Task Dispose_WhileWorkersAreStartingAndNothingWasSubmitted_EndsTheWaitForReadiness()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Pass(gate, 0);
                return new FunctionWorker(x => x);
            },
            Options());
        var ready = troupe.WhenReadyAsync();
        var ending = End(troupe);
        Assert.That(async () => await Within.Time(ready), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(ending.IsCompleted, Is.False);
        gate.Set();
        await ending;
    }

    [Test]
    public async Task Start_ThatFailsWhileAnotherIsUnderWay_BreaksTheTroupeAndItsEndWaitsForTheOther()
    {
        using var gate = new ManualResetEventSlim();
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                if (info.Index == 0) throw new FormatException();
                Pass(gate, 0);
                return new FunctionWorker(x => x, () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { Workers = 2 }));
        var future = troupe.Submit(1);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<WorkerStartException>());
        var ending = End(troupe);
        Assert.That(ending.IsCompleted, Is.False);
        gate.Set();
        await ending;
        Assert.That(disposed, Is.EqualTo(1));
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task Dispose_OfTheOwnTroupeInsideItsFactory_BreaksTheTroupe()
    {
        TinyTroupe<int, int>? troupe = null;
        using var assigned = new ManualResetEventSlim();
        troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Within.Wait(assigned);
                troupe!.Dispose();
                return new FunctionWorker(x => x);
            },
            Options());
        assigned.Set();
        Assert.That(
            async () => await Within.Time(troupe.WhenReadyAsync()),
            Throws.TypeOf<WorkerStartException>().With.InnerException.InstanceOf<InvalidOperationException>());
        await End(troupe);
    }

    [TestCase(false)]
    [TestCase(true)]
    [SharesMemory("its own troupe")]
    public async Task WhenReadyAsync_OfTheOwnTroupeInsideItsStart_BreaksTheTroupe(bool awaited)
    {
        TinyTroupe<int, int>? troupe = null;
        using var assigned = new ManualResetEventSlim();
        troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Within.Wait(assigned);
                if (awaited) return new StartsWhenReady(troupe!);
                troupe!.WhenReadyAsync().Wait(Within.Deadline);
                return new FunctionWorker(x => x);
            },
            Options());
        var ready = troupe.WhenReadyAsync();
        assigned.Set();
        var failure = await Assert.ThrowsAsync<WorkerStartException>(() => Within.Time(ready));
        Assert.That(failure!.GetBaseException(), Is.InstanceOf<InvalidOperationException>().With.Message.Contains(troupe.Name));
        await End(troupe);
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task WhenReadyAsync_OfTheOwnTroupeInsideATaskOnceItIsReady_HasEnded()
    {
        TinyTroupe<int, bool>? troupe = null;
        troupe = new TinyTroupe<int, bool>(_ => troupe!.WhenReadyAsync().IsCompletedSuccessfully, Options());
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(1)), Is.True);
        await End(troupe);
    }

    private sealed class StartsWhenReady(TinyTroupe<int, int> troupe) : TinyAsyncWorker<int, int>
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken) => await troupe.WhenReadyAsync(cancellationToken);

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);
    }

    private sealed class StartsUntilCancelled(Action started, Action dispose) : TinyAsyncWorker<int, int>, IDisposable
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken)
        {
            started();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);

        public void Dispose() => dispose();
    }
}
