namespace TinyWorker.Tests.Contract;

// Workers that are replaced after MaxTasksPerWorker tasks, several at a time.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("the disposal")]
    [TestCase("the factory")]
    public async Task Replacement_OfOneWorkerThatTakesLong_DoesNotStopTheOther(string slow)
    {
        const int Count = 50;
        using var gate = new ManualResetEventSlim();
        var replacements = 0;
        var made = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                Interlocked.Increment(ref made);
                if (slow == "the factory" && info.Restarts > 0) BlockTheFirst();
                return new FunctionWorker(
                    x => x,
                    () =>
                    {
                        if (slow == "the disposal") BlockTheFirst();
                        Interlocked.Increment(ref disposed);
                    });
            },
            Options(new Settings { Workers = 2, MaxTasksPerWorker = 1 }));
        for (var i = 0; i < Count; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        Assert.That(troupe.Snapshot().Workers.Min(worker => worker.TasksDone), Is.LessThanOrEqualTo(1), "one worker hangs");
        gate.Set();
        for (var i = 0; i < Count; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        await End(troupe);
        WaitForTheKilled();   // a worker that was only being made at the end
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(2 * Count));
        // Each task has a worker of its own. After the last two tasks, the two workers need not be replaced.
        Assert.That(made, Is.EqualTo(disposed).And.InRange(2 * Count, (2 * Count) + 2));

        void BlockTheFirst()
        {
            if (Interlocked.Increment(ref replacements) == 1) Pass(gate, 0);
        }
    }

    [Test]
    public async Task Replacement_ThatFailsTwice_SucceedsWithTheThirdTry()
    {
        var made = 0;
        using var loggers = new FakeLoggers();
        var troupe = new TinyTroupe<int, int>(
            _ => ++made is 2 or 3 ? throw new FormatException() : new FunctionWorker(x => x),
            Options(new Settings { MaxTasksPerWorker = 1, Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(Within.Time(troupe.Submit(2)), Is.EqualTo(2));
        await End(troupe);
        Assert.That(loggers.Exceptions, Has.Count.EqualTo(2).And.All.TypeOf<FormatException>());
    }
}
