using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Contract;

// Code that blocks on asynchronous code, which is bad manners and everywhere: no context of a worker's may make it wait for itself.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Call_OfASynchronousWorkerThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        var troupe = new TinyTroupe<int, int>(x => BlockOn(AddOneAsync(x)), Options());
        Assert.That(Within.Time(SubmitElsewhere(troupe, 1)), Is.EqualTo(2));
        Assert.That(Within.Time(SubmitElsewhere(troupe, 2)), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Factory_ThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        TinyTroupe<int, int>? troupe = null;
        Within.Time(
            () => troupe = new TinyTroupe<int, int>(
                _ =>
                {
                    var offset = BlockOn(AddOneAsync(1));
                    return new FunctionWorker(x => x + offset);
                },
                Options()),
            "the constructor");
        Assert.That(Within.Time(troupe!.Submit(1)), Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Dispose_OfAWorkerThatBlocksOnAsynchronousCode_DoesNotDeadlock()
    {
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(_ => new FunctionWorker(x => x, () => disposed = BlockOn(AddOneAsync(0))), Options());
        await Within.Time(troupe.WhenReadyAsync());
        Within.Time(troupe.Dispose, "the disposal");   // on a thread of its own: an inline worker is disposed there
        Assert.That(disposed, Is.EqualTo(1));
    }

    [Test]
    public async Task Logger_ThatBlocksOnAsynchronousCode_DoesNotDeadlock([Values] bool isAskedFirst)
    {
        using var loggers = new BlockingLoggers(isAskedFirst);
        TinyTroupe<int, int>? troupe = null;
        Within.Time(() => troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Loggers = loggers })), "the constructor");
        Assert.That(Within.Time(SubmitElsewhere(troupe!, 1)), Is.EqualTo(2));
        Within.Time(troupe!.Dispose, "the disposal");
        Assert.That(loggers.Calls, Is.Positive, "it was told that a worker is ready");
        await End(troupe);
    }

    private sealed class BlockingLoggers(bool whenAsked) : ILoggerFactory, ILogger
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => !whenAsked || BlockOn(AddOneAsync(0)) == 1;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Interlocked.Add(ref _calls, whenAsked ? 1 : BlockOn(AddOneAsync(0)));

        public void Dispose()
        {
        }
    }

    private static async Task<int> AddOneAsync(int value)
    {
        await Task.Yield();
        return value + 1;
    }

    private static T BlockOn<T>(Task<T> task) => task.GetAwaiter().GetResult();

    // An inline troupe runs the task in Submit: a deadlock would take the test along.
    private static TinyFuture<int> SubmitElsewhere(TinyTroupe<int, int> troupe, int input)
    {
        TinyFuture<int>? future = null;
        Within.Time(() => future = troupe.Submit(input), "the submission");
        return future!;
    }
}
