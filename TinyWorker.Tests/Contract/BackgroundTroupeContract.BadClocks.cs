namespace TinyWorker.Tests.Contract;

// A TimeProvider is user code like any other.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task TimeProvider_ThatThrows_CostsNoTaskAndIsLogged(
        [Values("GetTimestamp", "CreateTimer", "Change", "Dispose", "TimestampFrequency", "no timer")] string what)
    {
        using var begun = new ManualResetEventSlim();
        using var loggers = new FakeLoggers();
        var clock = new BadClock(what);
        var troupe = new TinyTroupe<int, int>(
            (x, token) =>
            {
                if (x != 0) return x;
                begun.Set();
                return UntilCancelled(token);
            },
            Options(new Settings
            {
                Clock = clock, Loggers = loggers, TaskTimeout = TimeSpan.FromMinutes(10), Grace = TimeSpan.FromMilliseconds(50),
                MaxAttempts = 2, RetryWhen = static _ => true, RetryDelay = TimeSpan.FromMilliseconds(1),
            }));
        await Within.Time(troupe.WhenReadyAsync());
        clock.IsBad = true;
        var running = troupe.Submit(0);
        Within.Wait(begun, "the start");
        Assert.That(running.Cancel(), Is.True);
        WaitForEnd(running);
        Assert.That(running.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        for (var i = 1; i < 5; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        _ = troupe.Explain();
        await End(troupe);
        if (what != "no timer" && what != "TimestampFrequency") Assert.That(loggers.Exceptions.OfType<FormatException>(), Is.Not.Empty);
    }

    private sealed class BadClock(string what) : TimeProvider
    {
        public bool IsBad { get; set; }

        public override long TimestampFrequency => what == "TimestampFrequency" ? throw new FormatException() : base.TimestampFrequency;

        public override long GetTimestamp() => IsBad && what == "GetTimestamp" ? throw new FormatException() : base.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => (IsBad, what) switch
        {
            (true, "CreateTimer") => throw new FormatException(),
            (true, "no timer") => null!,
            _ => new BadTimer(this, base.CreateTimer(callback, state, dueTime, period)),
        };

        private sealed class BadTimer(BadClock clock, ITimer timer) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) =>
                clock.Is("Change") ? throw new FormatException() : timer.Change(dueTime, period);

            public void Dispose()
            {
                timer.Dispose();
                if (clock.Is("Dispose")) throw new FormatException();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return default;
            }
        }

        private bool Is(string bad) => IsBad && what == bad;
    }
}
