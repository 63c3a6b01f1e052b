using TinyWorker.Futures;

namespace TinyWorker.Tests.Contract;

// Workers that are given up: each is replaced, whatever its code does meanwhile, and none is given up without need.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the logger is told")]
    [TestCase("its dependents are told")]
    [SharesMemory("its thread, which goes on after it was given up")]
    public async Task Worker_GivenUpWhoseCodeReturnsWhile_IsReplaced(string moment)
    {
        using var hung = new ManualResetEventSlim();
        using var disposed = new ManualResetEventSlim();
        using var loggers = new CallingLoggers();
        var clock = new ManualClock();
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
        if (moment == "the logger is told") loggers.OnWarning = LetItLeave;
        else future.AddContinuation(new CalledAtTheEnd(LetItLeave));
        future.Cancel();
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(disposed.IsSet, Is.True, "the moment has come");
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        AssertLostOneWorker(troupe.Snapshot(), isReplaced: true);
        await End(troupe);

        void LetItLeave()
        {
            hung.Set();
            Within.Wait(disposed, "the disposal");
            if (!isOfThePool) Within.Until(() => !worker!.IsAlive, "the end of the worker's thread");
        }
    }

    [Test]
    public async Task Cancel_AsTheTaskStartsWithATimeoutAndAnInfiniteGrace_NeverCostsTheWorker()
    {
        const int Rounds = 3_000;
        var clock = new ManualClock();
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

        public void OnSourceCompleted() => call();
    }
}
