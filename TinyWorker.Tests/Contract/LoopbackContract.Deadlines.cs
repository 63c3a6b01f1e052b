using System.Reflection;

namespace TinyWorker.Tests.Contract;

// The deadline of a task that was sent ahead to a worker.
public sealed partial class LoopbackContract
{
    private const int Prefetched = 1;   // of TinyFuture

    [Test]
    public async Task Deadline_OfAPrefetchedTask_FaultsItThoughItsWorkerIsBusyAndItNeverStarts()
    {
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        var ran = new int[1_000];
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x < 0) return Pass(gate, x);
                Interlocked.Increment(ref ran[x]);
                return x;
            },
            Options(new Settings { Clock = clock }));
        var recalled = 0;
        for (var round = 0; round < 200 && recalled == 0; round++)
        {
            gate.Reset();
            Array.Clear(ran);
            for (var i = 0; i < 300; i++) _ = troupe.Submit(i);   // fast tasks: many are prefetched
            var slow = troupe.Submit(-1);
            var late = Enumerable.Range(500, 100).Select(i => troupe.Submit(i, Until10)).ToArray();
            Within.Until(() => slow.Status == TinyFutureStatus.Running, "the start of the slow task");
            var ahead = late.Count(IsPrefetched);
            clock.Advance(10 * Second);
            foreach (var future in late) AssertPassed(future, "waited for a worker", "never started");
            Assert.That(slow.Status, Is.EqualTo(TinyFutureStatus.Running));
            Assert.That(troupe.Snapshot().Waiting, Is.Zero, "their places are free");
            recalled += ahead;
            gate.Set();
            Within.Time(slow);
            Assert.That(ran.Skip(500), Is.All.Zero);
        }

        await End(troupe);
        Assert.That(recalled, Is.Positive, "tasks that were prefetched when their deadline passed");
        Assert.That(clock.Timers, Is.Zero);
    }

    private static bool IsPrefetched(TinyFuture<int> future)
    {
        var state = typeof(TinyFuture<int>).GetField("_state", BindingFlags.Instance | BindingFlags.NonPublic)!;
        return (int)state.GetValue(future)! == Prefetched;
    }
}
