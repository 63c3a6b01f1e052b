namespace TinyWorker.Tests.Contract;

// What differs from other back-ends when a worker that hangs is killed.
public sealed partial class LoopbackContract
{
    [Test]
    public async Task Abort_WhileAWorkerStarts_KillsItsProcessAtOnce([Values] bool inTheFactory)
    {
        using var gate = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                entered.Set();
                if (inTheFactory) Pass(gate, 0);
                return new StartsNever();
            },
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan }));
        var waiting = troupe.Submit(1);
        Within.Wait(entered);
        troupe.Abort();
        await End(troupe);
        Assert.That(waiting.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(_launcher.Living, Is.Zero);
        gate.Set();
    }

    [Test]
    public async Task Logger_ThatThrows_DisturbsNeitherKillsNorReplacementsNorDisposals()
    {
        using var hung = new ManualResetEventSlim();
        using var loggers = new ActingLoggers { OnLog = _ => throw new FormatException("the logger") };
        var clock = new ManualClock();
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ => Interlocked.Increment(ref made) == 2
                ? throw new FormatException("the first try of the replacement")
                : new FunctionWorker(x => x == 0 ? Pass(hung, x) : x, () => throw new FormatException("the disposal")),
            Options(new Settings { TaskTimeout = TimeSpan.FromSeconds(10), Clock = clock, Loggers = loggers }));
        var future = troupe.Submit(0);
        Within.Until(() => future.Status == TinyFutureStatus.Running && clock.Armed > 0, "the start");
        clock.Advance(TimeSpan.FromSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>());
        Within.Until(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));   // the pause before the next try, whenever it begins
                return Volatile.Read(ref made) == 3;
            },
            "the replacement");
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        hung.Set();
        await Assert.ThrowsAsync<FormatException>(() => End(troupe), "the disposal");
        await End(troupe);
        var now = troupe.Snapshot();
        Assert.That((now.Abandoned, now.Faulted, now.Succeeded, made), Is.EqualTo((0, 1L, 1L, 3)));
    }

    [Test]
    public async Task TokenCallback_ThatThrows_IsLoggedWhenTheTroupeHasEnded()
    {
        using var loggers = new FakeLoggers();
        using var registered = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x != 0) return x;
                token.Register(() => throw new FormatException("a token callback's"));
                registered.Set();
                return UntilCancelled(token);
            },
            Options(new Settings { Loggers = loggers }));
        var future = troupe.Submit(0);
        Within.Wait(registered, "the start");
        Assert.That(future.Cancel(), Is.True);
        WaitForEnd(future);
        Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        await End(troupe);
        Assert.That(loggers.Exceptions.Select(logged => logged.GetBaseException()), Has.Some.Message.EqualTo("a token callback's"));
    }

    private sealed class StartsNever : TinyAsyncWorker<int, int>
    {
        public override async ValueTask StartAsync(CancellationToken cancellationToken) =>
            await Task.Delay(Timeout.InfiniteTimeSpan, CancellationToken.None);

        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken) => new(input);
    }
}
