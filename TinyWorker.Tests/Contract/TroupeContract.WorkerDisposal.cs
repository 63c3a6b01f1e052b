using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// The disposal of each worker: once, with IAsyncDisposable if it has it, whether or not it throws.
public abstract partial class TroupeContract
{
    [TestCase("Dispose")]
    [TestCase("DisposeAsync")]
    [TestCase("DisposeAsync after an await")]
    public async Task Dispose_WithWorkersWhoseDisposalThrows_DisposesAllLogsAndTellsTheFirstWhoWaits(string how)
    {
        var thrown = new FormatException("of a disposal");
        var disposed = new ConcurrentBag<int>();
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            info => how == "Dispose"
                ? new FunctionWorker(x => x, () => DisposeOne(info.Index))
                : new DisposedAsynchronously(async () =>
                {
                    if (how != "DisposeAsync") await Task.Yield();
                    DisposeOne(info.Index);
                }),
            Options(new Settings { Workers = 3, Loggers = loggers }));
        await Within.Time(troupe.WhenReadyAsync());
        var future = troupe.Submit(1);
        var told = await Assert.ThrowsAsync<AggregateException>(() => End(troupe));
        Assert.That(told!.InnerExceptions, Has.Count.EqualTo(2).And.All.Matches(IsThat(thrown)));
        Assert.That(told.Message, Does.Contain(troupe.Name));
        Assert.That(future.Result(), Is.EqualTo(1));
        Assert.That(disposed, Is.EquivalentTo(new[] { 0, 1, 2 }));
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(2).And.All.Matches(IsThat(thrown)));
        await End(troupe);

        void DisposeOne(int index)
        {
            disposed.Add(index);
            if (index != 1) throw thrown;
        }
    }

    [Test]
    public async Task Replacement_OfAWorkerWhoseDisposalThrows_IsStillMade()
    {
        var thrown = new FormatException();
        var made = 0;
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x, () => throw thrown);
            },
            Options(new Settings { MaxTasksPerWorker = 1, Loggers = loggers }));
        for (var i = 0; i < 3; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        Within.Until(() => troupe.Snapshot().Workers[0] is { Restarts: 3, State: WorkerState.Idle }, "the last replacement");
        Assert.That(await Assert.CatchAsync(() => End(troupe)), IsThat(thrown), "of the last worker alone: the others were replaced");
        Assert.That(made, Is.EqualTo(4));
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(4).And.All.Matches(IsThat(thrown)));
    }

    [Test]
    public async Task Dispose_OfAWorkerThatHasBothInterfaces_UsesTheAsynchronousOne()
    {
        var calls = new ConcurrentQueue<string>();
        var troupe = new TinyTroupe<int, int>(_ => new DisposedBothWays(calls), Options());
        await Within.Time(troupe.WhenReadyAsync());
        await End(troupe);
        Assert.That(calls, Is.EqualTo(new[] { "DisposeAsync" }));
    }

    [Test]
    public async Task Start_ThatFails_DisposesTheWorkerThatWasMade()
    {
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(_ => new FailsToStartAndIsDisposed(() => disposed++), Options());
        Assert.That(async () => await Within.Time(troupe.WhenReadyAsync()), Throws.TypeOf<WorkerStartException>());
        await End(troupe);
        Assert.That(disposed, Is.EqualTo(TriesAtStart));
    }

    private sealed class DisposedAsynchronously(Func<Task> dispose) : TinyWorker<int, int>, IAsyncDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public ValueTask DisposeAsync() => new(dispose());
    }

    private sealed class DisposedBothWays(ConcurrentQueue<string> calls) : TinyWorker<int, int>, IAsyncDisposable, IDisposable
    {
        public override int Call(int input, CancellationToken cancellationToken) => input;

        public void Dispose() => calls.Enqueue(nameof(Dispose));

        public ValueTask DisposeAsync()
        {
            calls.Enqueue(nameof(DisposeAsync));
            return default;
        }
    }

    private sealed class FailsToStartAndIsDisposed(Action dispose) : TinyAsyncWorker<int, int>, IDisposable
    {
        public override ValueTask StartAsync(CancellationToken cancellationToken) => throw new FormatException();

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);

        public void Dispose() => dispose();
    }
}
