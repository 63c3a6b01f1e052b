using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// Users test with FakeTimeProvider. Its timers that are due when they are set call at once, on the thread that sets them.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Cancel_WithNoGraceAndAClockThatCallsAtOnce_AbandonsAndReplacesTheWorker()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var settings = new Settings { Grace = TimeSpan.Zero, Clock = new FakeTimeProvider() };
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? Begin(begun, hung, x) : x, Options(settings));
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
    public async Task Logger_ToldThatAWorkerIsAbandoned_IsCalledUnderNoLock(bool atOnce)
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var loggers = new ActingLoggers();
        var clock = new FakeTimeProvider();
        var settings = new Settings { Grace = atOnce ? TimeSpan.Zero : TimeSpan.FromSeconds(1), Clock = clock, Loggers = loggers };
        var troupe = new TinyTroupe<int, int>(x => Begin(begun, hung, x), Options(settings));
        var future = troupe.Submit(0);
        Within.Wait(begun, "the start");
        var aborted = false;
        loggers.OnLog = level =>
        {
            if (level != LogLevel.Warning) return;
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
}
