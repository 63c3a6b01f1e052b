namespace TinyWorker.Tests.Contract;

// What somebody sees who watches the troupe.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Watch_OfATroupe_HasTheTimesOfEvery64thTask()
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options());
        using var watch = troupe.Watch();
        SubmitAll(troupe, 64 * 5);
        var seen = watch.Read();
        using (Assert.EnterMultipleScope())
        {
            Assert.That((seen.Waits.Count, seen.Runs.Count), Is.EqualTo((5, 5)));
            Assert.That(seen.Waits.Concat(seen.Runs), Is.All.InRange(TimeSpan.Zero, Within.Deadline));
            Assert.That(seen.Faults, Is.Empty);
            Assert.That(seen.Inputs, Is.Empty);
        }

        SubmitAll(troupe, 63);
        Assert.That(watch.Read().Waits, Is.Empty, "what was read does not come again, and the 64th is still to come");
        SubmitAll(troupe, 1);
        Assert.That(watch.Read().Waits, Has.Count.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Watch_OfATroupeWhoseTasksFault_HasTheTextsOfTheFaults()
    {
        var troupe = new TinyTroupe<int, int>(x => throw new FormatException("not " + x), Options());
        using var watch = troupe.Watch();
        WaitForEnd(troupe.Submit(troupe.Submit(7)));
        List<TroupeFault> faults = [];
        Within.Until(
            () =>
            {
                faults.AddRange(watch.Read().Faults);
                return faults.Count == 2;
            },
            "the texts of two faults");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(faults.Select(fault => (fault.Type, fault.Message)), Is.All.EqualTo(("System.FormatException", "not 7")));
            Assert.That(faults.Select(fault => fault.Worker), Is.EqualTo(new int?[] { 0, null }), "the dependent never had a worker");
            Assert.That(faults.Select(fault => fault.At), Is.All.EqualTo(DateTimeOffset.UtcNow).Within(TimeSpan.FromMinutes(1)));
        }

        await End(troupe);
    }

    [Test]
    public async Task Watch_OfAChain_HasTheNamesOfTheTroupesBeforeIt()
    {
        var first = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = "first" }));
        var second = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = "second" }));
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = "third" }));
        using var watch = troupe.Watch();
        using var before = second.Watch();
        Within.Time(troupe.Submit(second.Submit(first.Submit(1))));
        Assert.That(watch.Read().Inputs, Is.EqualTo(["second"]));
        Assert.That(before.Read().Inputs, Is.EqualTo(["first"]));
        Within.Time(troupe.Submit(1));
        Assert.That(watch.Read().Inputs, Is.Empty, "a plain input is of no troupe");
        var ended = first.Submit(2);
        WaitForEnd(ended);
        Within.Time(troupe.Submit(ended));
        Assert.That(watch.Read().Inputs, Is.EqualTo(["first"]), "a future that had ended before");
        await End(first);
        await End(second);
        await End(troupe);
    }

    [Test]
    public async Task Watch_OfATaskThatIsRunAgain_HasEachOfItsWaitsAndItsLastRun()
    {
        var troupe = new TinyTroupe<int, int>(
            _ => throw new FormatException(), Options(new Settings { MaxAttempts = 3, RetryWhen = static _ => true }));
        using var watch = troupe.Watch();
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, 64).Select(i => troupe.Submit(i))];
        foreach (var future in futures) WaitForEnd(future);
        var seen = watch.Read();
        Assert.That((seen.Waits.Count, seen.Runs.Count), Is.EqualTo((3, 1)));
        await End(troupe);
    }

    [Test]
    public async Task Watch_BesideAListener_HasTheTimesAndTheListenerEveryTask()
    {
        using var telemetry = new Observing.Telemetry();
        var name = WatchedName();
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Name = name }));
        using var watch = troupe.Watch();
        SubmitAll(troupe, 128);
        Assert.That((watch.Read().Waits.Count, telemetry.Spans(name).Length), Is.EqualTo((2, 128)));
        await End(troupe);
    }

    [Test]
    public async Task Watch_OfATroupeThatHasEnded_HasWhatItSawAndThenNothing()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        using var watch = troupe.Watch();
        SubmitAll(troupe, 64);
        await End(troupe);
        Assert.That(watch.Read().Runs, Has.Count.EqualTo(1));
        Assert.That(watch.Read().Runs, Is.Empty);
        using var late = troupe.Watch();
        Assert.That(late.Read().Runs, Is.Empty);
    }

    // On one thread: each submitting thread counts for itself.
    private static void SubmitAll(TinyTroupe<int, int> troupe, int tasks)
    {
        TinyFuture<int>[] futures = [.. Enumerable.Range(0, tasks).Select(i => troupe.Submit(i))];
        foreach (var future in futures) Within.Time(future);
    }
}
