namespace TinyWorker.Tests.Contract;

// What becomes of a worker in this process whose task does not stop.
public abstract partial class BackgroundTroupeContract
{
    [TestCase("a function", null, true)]
    [TestCase("a function", false, false)]
    [TestCase("a factory", null, false)]
    [TestCase("a factory", true, true)]
    public async Task HungWorker_Of_IsReplacedOrStaysInItsPlace(string of, bool? asked, bool isReplaced)
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var inside = 0;
        var most = 0;
        var options = Options(new Settings { Grace = TimeSpan.FromMilliseconds(20), ReplaceHungWorkers = asked });
        var troupe = of == "a factory"
            ? new TinyTroupe<int, int>(_ => new FunctionWorker(Work), options)
            : new TinyTroupe<int, int>(Work, options);
        var stuck = troupe.Submit(0);
        Within.Wait(begun, "the start");
        stuck.Cancel();
        WaitForEnd(stuck);
        Assert.That(stuck.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        var next = troupe.Submit(1);
        if (KillsHungWorkers || isReplaced)
        {
            Assert.That(Within.Time(next), Is.EqualTo(1));
        }
        else
        {
            Within.Until(() => troupe.Snapshot().Workers[0].State == WorkerState.Hung, "the worker to count as hung");
            Assert.That(troupe.Explain().Condition, Is.EqualTo(TroupeCondition.Hung));
            Assert.That(next.Status, Is.EqualTo(TinyFutureStatus.Pending));
            hung.Set();
            Assert.That(Within.Time(next), Is.EqualTo(1));
            Assert.That(most, Is.EqualTo(1), "no two at a time");
        }

        hung.Set();
        await End(troupe);
        var end = troupe.Snapshot();
        Assert.That(end.Abandoned, Is.EqualTo(isReplaced && !KillsHungWorkers ? 1 : 0));
        Assert.That((end.Canceled, end.Succeeded), Is.EqualTo((1L, 1L)));

        int Work(int x)
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            try
            {
                return x == 0 ? Begin(begun, hung, x) : x;
            }
            finally
            {
                Interlocked.Decrement(ref inside);
            }
        }
    }

    [Test]
    public async Task Abort_OfAHungWorker_AbandonsItAfterTheGrace()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            _ => new FunctionWorker(x => Begin(begun, hung, x)),
            Options(new Settings { Grace = TimeSpan.FromMilliseconds(20), ReplaceHungWorkers = null }));
        var stuck = troupe.Submit(0);
        Within.Wait(begun, "the start");
        stuck.Cancel();
        WaitForEnd(stuck);
        troupe.Abort();
        await End(troupe);
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(KillsHungWorkers ? 0 : 1));
        hung.Set();
    }

    /// <summary>Whether a worker that hangs is killed, whatever it is made of.</summary>
    protected virtual bool KillsHungWorkers => false;
}
