using Microsoft.Extensions.Logging;

namespace TinyWorker.Tests.Contract;

// A clock whose timers call at once, on the thread that sets them, if they are due. The FakeTimeProvider that users test with does so.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Cancel_WithNoGraceAndAClockThatCallsAtOnce_GivesTheWorkerUpAndReplacesIt()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Begin(begun, hung, x) : x, Options(new Settings { Grace = TimeSpan.Zero, Clock = new EagerClock() }));
        var future = troupe.Submit(0);
        Within.Wait(begun, "the start");
        Within.Time(() => Assert.That(future.Cancel(), Is.True));
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: true);
        await End(troupe);
        hung.Set();
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Logger_ToldThatAWorkerIsGivenUp_IsCalledUnderNoLock(bool atOnce)
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var loggers = new CallingLoggers();
        var clock = new ManualClock();
        var settings = new Settings { Grace = atOnce ? TimeSpan.Zero : TimeSpan.FromSeconds(1), Clock = atOnce ? new EagerClock() : clock, Loggers = loggers };
        var troupe = new TinyTroupe<int, int>(x => Begin(begun, hung, x), Options(settings));
        var future = troupe.Submit(0);
        Within.Wait(begun, "the start");
        var aborted = false;
        loggers.OnWarning = () =>
        {
            var another = new Thread(troupe.Abort) { IsBackground = true };
            another.Start();
            aborted = another.Join(TimeSpan.FromSeconds(5));
        };
        Within.Time(() =>
        {
            future.Cancel();
            clock.Advance(TimeSpan.FromSeconds(1));
        });
        WaitForEnd(future);
        hung.Set();
        await End(troupe);
        Assert.That(aborted, Is.True, "another thread can abort the troupe while the logger is called");
    }

    private sealed class EagerClock : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero || dueTime == Timeout.InfiniteTimeSpan) return base.CreateTimer(callback, state, dueTime, period);
            var timer = base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            callback(state);
            return timer;
        }
    }

    private sealed class CallingLoggers : ILoggerFactory, ILogger
    {
        public Action? OnWarning { get; set; }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning) OnWarning?.Invoke();
        }

        public void Dispose()
        {
        }
    }
}
