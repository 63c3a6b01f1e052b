using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// The end of each worker: once, by its better interface, and whatever it throws.
public abstract partial class TroupeContract
{
    [TestCase("Dispose")]
    [TestCase("DisposeAsync")]
    [TestCase("DisposeAsync behind an await")]
    public async Task Dispose_WithAWorkerWhoseDisposalThrows_EndsAndDisposesTheOthersAndLogsIt(string how)
    {
        var thrown = new FormatException("a worker's last words");
        var disposed = new ConcurrentBag<int>();
        using var loggers = new RecordingLoggers();
        var troupe = new TinyTroupe<int, int>(
            info => how == "Dispose"
                ? new FunctionWorker(x => x, () => Last(info.Index))
                : new DisposedAsynchronously(async () =>
                {
                    if (how != "DisposeAsync") await Task.Yield();
                    Last(info.Index);
                }),
            Options(new Settings { Workers = 3, Loggers = loggers }));
        await Within.Time(troupe.WhenReadyAsync());
        var future = troupe.Submit(1);
        await End(troupe);
        Assert.That(future.Result(), Is.EqualTo(1));
        Assert.That(disposed, Is.EquivalentTo(new[] { 0, 1, 2 }));
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(2).And.All.Matches(IsThat(thrown)));
        await End(troupe);

        void Last(int index)
        {
            disposed.Add(index);
            if (index != 1) throw thrown;
        }
    }

    [Test]
    public async Task Replacement_OfAWorkerWhoseDisposalThrows_ComesAllTheSame()
    {
        var thrown = new FormatException();
        var made = 0;
        using var loggers = new RecordingLoggers();
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x, () => throw thrown);
            },
            Options(new Settings { MaxTasksPerWorker = 1, Loggers = loggers }));
        for (var i = 0; i < 3; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        Within.Until(() => Volatile.Read(ref made) == 4, "the last replacement");   // a drain would spare it
        await End(troupe);
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
