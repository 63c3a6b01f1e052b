using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Contract;

// A logger that throws is its own affair.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [SharesMemory("its disposal, though it is given up: a process is killed")]
    public async Task Logger_ThatThrows_DisturbsNeitherTimeoutsNorReplacementsNorDisposals([Values] bool isAskedFirst)
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var loggers = new ThrowingLoggers(isAskedFirst);
        var clock = new ManualClock();
        var made = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => Interlocked.Increment(ref made) == 2
                ? throw new FormatException("the first try of the replacement")
                : new FunctionWorker(
                    x => x == 0 ? Begin(begun, hung, x) : x,
                    () =>
                    {
                        Interlocked.Increment(ref disposed);
                        throw new FormatException("the disposal");
                    }),
            Options(new Settings { TaskTimeout = TimeSpan.FromSeconds(10), Clock = clock, Loggers = loggers }));
        var future = troupe.Submit(0);
        Within.Until(() => begun.IsSet && clock.Armed > 0, "the start");
        clock.Advance(TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        var next = troupe.Submit(1);
        next.OnCompleted(_ => throw new FormatException("a callback"));
        Assert.That(Within.Time(next), Is.EqualTo(1));
        hung.Set();
        Within.Until(() => Volatile.Read(ref disposed) == 1, "the disposal of the worker that was given up");
        await End(troupe);
        var now = troupe.Snapshot();
        Assert.That((now.Abandoned, now.Faulted, now.Succeeded, disposed), Is.EqualTo((1, 1L, 1L, 2)));
    }

    private protected sealed class ThrowingLoggers(bool whenAsked) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => whenAsked ? throw new FormatException("the logger, asked") : true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new FormatException("the logger");

        public void Dispose()
        {
        }
    }
}
