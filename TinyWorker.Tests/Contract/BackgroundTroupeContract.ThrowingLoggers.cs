namespace TinyWorker.Tests.Contract;

// A logger that throws affects nothing else.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [SharesMemory("the count of its disposals: a process is killed, and disposes nothing")]
    public async Task Logger_ThatThrows_DisturbsNeitherTimeoutsNorReplacementsNorDisposals([Values] bool isAskedFirst)
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var loggers = new ActingLoggers { OnLog = _ => throw new FormatException("the logger") };
        if (isAskedFirst) loggers.OnAsked = _ => throw new FormatException("the logger, asked");
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
        Within.Until(
            () =>
            {
                clock.Advance(TimeSpan.FromMilliseconds(100));   // the pause before the next try, whenever it begins
                return Volatile.Read(ref made) == 3;
            },
            "the replacement");
        var next = troupe.Submit(1);
        next.OnCompleted(_ => throw new FormatException("a callback"));
        Assert.That(Within.Time(next), Is.EqualTo(1));
        hung.Set();
        Within.Until(() => Volatile.Read(ref disposed) == 1, "the disposal of the abandoned worker");
        await Assert.ThrowsAsync<FormatException>(() => End(troupe), "the disposal");
        await End(troupe);
        var now = troupe.Snapshot();
        Assert.That((now.Abandoned, now.Faulted, now.Succeeded, disposed), Is.EqualTo((1, 1L, 1L, 2)));
    }
}
