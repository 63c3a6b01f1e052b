namespace TinyWorker.Tests.Contract;

// The timeout of one task, in the place of the troupe's.
public abstract partial class TroupeContract
{
    [TestCase(null, 10, 10, "SubmitOptions.Timeout")]
    [TestCase(100, 10, 10, "SubmitOptions.Timeout")]
    [TestCase(10, 100, 100, "SubmitOptions.Timeout")]
    [TestCase(10, null, 10, "TinyTroupeOptions.TaskTimeout")]
    public async Task Timeout_OfATask_IsInThePlaceOfTheTroupes(int? troupes, int? own, int expected, string option)
    {
        var clock = new ManualClock();
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                clock.Advance(x * Second);
                if (x < expected) return x;   // its result would be ignored if it had been asked to stop
                await Fired(token);
                throw new OperationCanceledException(token);
            },
            Options(new Settings
            {
                Name = "slow", TaskTimeout = troupes * Second, Grace = Timeout.InfiniteTimeSpan, Clock = clock, Loggers = loggers,
            }));
        var options = new SubmitOptions { Timeout = own * Second };
        Assert.That(Within.Time(Submitted(troupe, expected - 1, options)), Is.EqualTo(expected - 1));
        var future = Submitted(troupe, expected, options);
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>().With.InnerException.Null);
        Assert.That(
            future.Exception!.Message,
            Does.Contain(option).And.Contain((expected * Second).ToString()).And.Contain("'slow'").And.Not.Contain("Deadline"));
        await End(troupe);
        Assert.That(
            loggers.Records.Select(record => record.Message), Has.Some.Contains($"passed its {option} of {expected * Second}"));
    }

    [Test]
    public async Task Timeout_OfATaskThatIsInfinite_LiftsTheTroupes()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                clock.Advance(1_000 * Second);
                return x;
            },
            Options(new Settings { TaskTimeout = 10 * Second, Clock = clock }));
        Assert.That(Within.Time(Submitted(troupe, 1, new() { Timeout = Timeout.InfiniteTimeSpan })), Is.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Timeout_OfATaskThatHasEnded_IsNotThatOfTheNext([Values] bool retries)
    {
        var clock = new ManualClock();
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (retries && Interlocked.Increment(ref runs) == 1) throw new FormatException();
                if (x > 1) clock.Advance(1_000 * Second);
                return x;
            },
            Options(new Settings { Clock = clock, MaxAttempts = 2, RetryWhen = static e => e is FormatException }));
        Assert.That(Within.Time(troupe.Submit(1, new() { Timeout = 10 * Second })), Is.EqualTo(1));
        Assert.That(Within.Time(Submitted(troupe, 2, default)), Is.EqualTo(2));
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    [Test]
    public async Task Timeout_OfATask_IsForEachAttempt()
    {
        var clock = new ManualClock();
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                clock.Advance(4 * Second);
                return Interlocked.Increment(ref runs) < 5 ? throw new FormatException() : x;
            },
            Options(new Settings { MaxAttempts = 5, RetryWhen = static _ => true, Clock = clock }));
        var future = troupe.Submit(3, new() { Timeout = 10 * Second });
        WaitForEnd(future);
        Assert.That(future.Result(), Is.EqualTo(3), "20 seconds in all");
        await End(troupe);
    }

    [TestCase(10, 20, "SubmitOptions.Timeout")]
    [TestCase(20, 10, "SubmitOptions.Deadline")]
    public async Task TimeoutAndDeadline_OfATask_StopItWhenTheFirstOfThemHasPassed(int timeout, int deadline, string option)
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                clock.Advance(10 * Second);
                await Fired(token);
                clock.Advance(10 * Second);
                return x;
            },
            Options(new Settings { Grace = Timeout.InfiniteTimeSpan, Clock = clock }));
        var future = Submitted(troupe, 1, new() { Timeout = timeout * Second, Deadline = deadline * Second });
        WaitForEnd(future);
        Assert.That(future.Exception, Is.TypeOf<TimeoutException>().With.Message.Contains(option));
        await End(troupe);
        Assert.That(clock.Timers, Is.Zero);
    }

    // Inline, Submit takes as long as the task.
    private static TinyFuture<int> Submitted(TinyTroupe<int, int> troupe, int input, SubmitOptions options)
    {
        TinyFuture<int>? future = null;
        Within.Time(() => future = troupe.Submit(input, options), "the submission");
        return future!;
    }
}
