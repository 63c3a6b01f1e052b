namespace TinyWorker.Tests.Contract;

public sealed partial class ThreadContract
{
    [Test]
    public async Task Troupe_WhoseFreeWorkerIsHeldUpByCodeThatATaskHasLeft_MakesAnother()
    {
        using var gate = new ManualResetEventSlim();
        using var isHeldUp = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            async x =>
            {
                await Task.Yield();
                if (x == 0) HoldUp();
                return x;
            },
            Options(new Settings { Workers = 2, MinWorkers = 0 }));
        Within.Time(troupe.Submit(0));
        Within.Wait(isHeldUp);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1));
        Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(2));
        gate.Set();
        await End(troupe);

        async void HoldUp()
        {
            await Task.Yield();
            isHeldUp.Set();
            Within.Wait(gate);
        }
    }

    // Nobody waits for the threads before the end of the troupe: it may live for months.
    [Test]
    public async Task Threads_OfWorkersThatHaveLeft_AreForgotten()
    {
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            x => x, Options(new Settings { Name = "months", MinWorkers = 0, IdleTimeout = Minute, Clock = clock }));
        for (var day = 0; day < 50; day++)
        {
            Within.Time(troupe.Submit(day));
            Within.Until(() => clock.Armed == 1, "the idle time to begin");
            clock.Advance(Minute);
            Within.Until(() => troupe.Snapshot().Workers.Count == 0, "the worker to leave");
            Threads.AreGone("months");
        }

        Assert.That(troupe.Inside.Loops.ToJoin, Is.LessThanOrEqualTo(2));
        await End(troupe);
    }
}
