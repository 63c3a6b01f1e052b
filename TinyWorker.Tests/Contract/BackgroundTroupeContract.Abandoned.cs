using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using TinyWorker.Futures;

namespace TinyWorker.Tests.Contract;

// Abandoned workers: each is replaced, whatever its code does meanwhile. No worker is abandoned without need.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the logger is called")]
    [TestCase("its dependents are completed")]
    [SharesMemory("its thread, which runs on after the worker is abandoned")]
    public async Task Worker_AbandonedWhoseCodeReturnsWhile_IsReplaced(string moment)
    {
        using var hung = new ManualResetEventSlim();
        using var disposed = new ManualResetEventSlim();
        using var loggers = new ActingLoggers();
        var clock = new FakeTimeProvider();
        Thread? worker = null;
        var isOfThePool = false;
        var troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(
                x =>
                {
                    if (x != 0) return x;
                    isOfThePool = Thread.CurrentThread.IsThreadPoolThread;
                    worker = Thread.CurrentThread;
                    return Pass(hung, x);
                },
                disposed.Set),
            Options(new Settings { Loggers = loggers, Clock = clock }));
        var future = troupe.Submit(0);
        Within.Until(() => Volatile.Read(ref worker) is not null, "the start");
        if (moment == "the logger is called") loggers.OnLog = LetItReturnAt;
        else future.AddContinuation(new CalledAtTheEnd(LetItReturn));
        future.Cancel();
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(disposed.IsSet, Is.True, "the code of the worker returned at this moment");
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: true);
        await End(troupe);

        void LetItReturnAt(LogLevel level)
        {
            if (level == LogLevel.Warning) LetItReturn();
        }

        void LetItReturn()
        {
            hung.Set();
            Within.Wait(disposed, "the disposal");
            if (!isOfThePool) Within.Until(() => !worker!.IsAlive, "the end of the worker's thread");
        }
    }

    [Test]
    public async Task Cancel_WhileTheTaskStartsWithATimeoutAndAnInfiniteGrace_NeverLosesTheWorker()
    {
        const int Rounds = 3_000;
        var clock = new FakeTimeProvider();
        var asked = 0;
        var settings = new Settings { TaskTimeout = TimeSpan.FromSeconds(1), Grace = Timeout.InfiniteTimeSpan, Clock = clock };
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Until(() => Volatile.Read(ref asked) > x, "the cancellation");   // ignores its token
                return x;
            },
            Options(settings));
        Within.Time(
            () =>
            {
                for (var round = 0; round < Rounds; round++)
                {
                    var future = troupe.Submit(round);
                    for (var spin = default(SpinWait); future.Status == TinyFutureStatus.Pending;) spin.SpinOnce(-1);
                    future.Cancel();
                    clock.Advance(TimeSpan.FromSeconds(2));
                    Volatile.Write(ref asked, round + 1);
                    WaitForEnd(future);
                    Assert.That(troupe.Snapshot().Abandoned, Is.Zero, "in round " + round);
                }
            },
            "the rounds");
        await End(troupe);
    }

    private sealed class CalledAtTheEnd(Action call) : IContinuation
    {
        public bool IsAbandoned => false;

        public bool OnSourceCompleted()
        {
            call();
            return true;
        }
    }
}
