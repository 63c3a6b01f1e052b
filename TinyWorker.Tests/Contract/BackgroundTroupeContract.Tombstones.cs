using System.Collections.Concurrent;
using TinyWorker.Tests.Futures;

namespace TinyWorker.Tests.Contract;

// A task that is cancelled while it waits leaves a tombstone in the queue. A queue with many tombstones is replaced.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    [NonParallelizable]   // it measures the heap
    public async Task Tasks_CancelledBehindAHungWorker_LeaveTheHeapFlatAndTheOthersInOrder()
    {
        const long Flat = 2_000_000;
        const int Count = 300_000;
        using var gate = new ManualResetEventSlim();
        var ran = new List<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Add(x);
                return Pass(gate, x);
            },
            Options(new Settings { Capacity = 10 }));
        var first = troupe.Submit(-1);
        Within.Until(() => first.Status == TinyFutureStatus.Running, "the start");
        var living = new List<int>();

        var growth = Heap.GrowthOf(Count, count =>
        {
            for (var i = 0; i < count; i++)
            {
                if (i % 50_000 == 25_000)
                {
                    living.Add(i);
                    _ = troupe.Submit(i);
                }

                troupe.Submit(i).Cancel();
            }
        });

        Assert.That(growth, Is.LessThan(Flat));
        Assert.That(troupe.Snapshot().Waiting, Is.EqualTo(Count / 50_000));
        gate.Set();
        await End(troupe);
        Assert.That(ran, Is.EqualTo(living.Prepend(-1)));
    }

    [Test]
    public async Task Tasks_CancelledWhileOthersAreTakenAndAdded_LoseNone()
    {
        var (now, ran) = await RunAmongTombstonesAsync();
        Assert.That(now.Accepted, Is.EqualTo((long)Submitters * Living * (1 + TombstonesEach)));
        Assert.That((now.Succeeded + now.Canceled, now.Faulted, now.Waiting, now.Running), Is.EqualTo((now.Accepted, 0L, 0, 0)));
        Assert.That(now.Succeeded, Is.EqualTo(ran.Length));
        var expected = Enumerable.Range(0, Submitters * Living);
        Assert.That(ran.Where(x => x >= 0), Is.EquivalentTo(expected), "each task that was not cancelled ran once");
    }

    [Test]
    public async Task Tasks_CancelledWhileOthersAreTakenAndAdded_KeepTheOrderOfEachSubmitter()
    {
        var (_, ran) = await RunAmongTombstonesAsync();
        for (var me = 0; me < Submitters; me++)
        {
            var mine = ran.Where(x => x >= 0 && x % Submitters == me).Select(x => x / Submitters).ToArray();
            Assert.That(mine, Is.Ordered, "the tasks of submitter " + me);
        }
    }

    private const int Submitters = 4;
    private const int Living = 400;
    private const int TombstonesEach = 100;

    // The one worker is slower than its submitters. The queue is replaced often, while they add tasks and the worker takes tasks.
    private async Task<(TroupeSnapshot Now, int[] Ran)> RunAmongTombstonesAsync()
    {
        var ran = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Enqueue(x);
                Thread.SpinWait(500);
                return x;
            },
            Options(new Settings { Capacity = 64 }));
        var submitting = Enumerable.Range(0, Submitters).Select(me => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < Living; i++)
                {
                    _ = troupe.Submit((i * Submitters) + me);
                    for (var tombstone = 0; tombstone < TombstonesEach; tombstone++) troupe.Submit(-1).Cancel();
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        await Within.Time(Task.WhenAll(submitting), "the submitters");
        await End(troupe);
        return (troupe.Snapshot(), [.. ran]);
    }
}
