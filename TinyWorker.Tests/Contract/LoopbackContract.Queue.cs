using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// Priorities, keys and pauses beside tasks that are sent to a worker ahead of their start.
public sealed partial class LoopbackContract
{
    private const int Fast = 300;
    private const int Slow = -1;

    [Test]
    public async Task Priority_OfATask_GoesBeforeTasksThatWereSentAhead()
    {
        using var begun = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        var order = new ConcurrentQueue<int>();
        var troupe = TroupeWithASlowTask(order, begun, gate);
        for (var round = 0; round < 10; round++)
        {
            var futures = await FillAsync(troupe, begun);
            order.Clear();
            var urgent = troupe.Submit(1_000, new() { Priority = 1 });
            var lazy = troupe.Submit(1_001, new() { Priority = -1 });
            WaitForReturned(troupe, Fast + 2);
            gate.Release();
            foreach (var future in futures) WaitForEnd(future);
            WaitForEnd(urgent);
            WaitForEnd(lazy);
            Assert.That(order.First(), Is.EqualTo(1_000), "what was sent ahead comes back");
            Assert.That(order.Last(), Is.EqualTo(1_001));
        }

        await End(troupe);
    }

    [Test]
    public async Task Pause_TakesBackWhatWasSentAhead()
    {
        using var begun = new SemaphoreSlim(0);
        using var gate = new SemaphoreSlim(0);
        var order = new ConcurrentQueue<int>();
        var troupe = TroupeWithASlowTask(order, begun, gate);
        for (var round = 0; round < 10; round++)
        {
            var futures = await FillAsync(troupe, begun);
            order.Clear();
            troupe.Pause();
            WaitForReturned(troupe, Fast);
            gate.Release();
            Within.Until(() => troupe.Snapshot().Running == 0, "the slow task to end");
            Assert.That(order, Is.Empty);
            Assert.That(futures.Count(static future => future.Status == TinyFutureStatus.Pending), Is.EqualTo(Fast));
            troupe.Resume();
            foreach (var future in futures) WaitForEnd(future);
            Assert.That(order, Is.EqualTo(Enumerable.Range(0, Fast)), "in their order");
        }

        await End(troupe);
    }

    [Test]
    public async Task Key_BesideManyFastTasks_GetsItsTurns()
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options(new Settings { Capacity = 100_000 }));
        using var stop = new CancellationTokenSource();
        var flood = Blocked(() =>
        {
            while (!stop.IsCancellationRequested) _ = troupe.Submit(0);
        });
        for (var i = 1; i <= 200; i++) Assert.That(Within.Time(troupe.Submit(i, new() { Key = "a" })), Is.EqualTo(i));
        await stop.CancelAsync();
        await Within.Time(flood);
        await End(troupe);
        Assert.That(order.Where(static x => x > 0), Is.EqualTo(Enumerable.Range(1, 200)));
    }

    [Test]
    public async Task Keys_OfTasksWhoseWorkersDie_KeepTheirOrder()
    {
        const int Count = 400;
        var order = new ConcurrentQueue<int>();
        var dies = new ConcurrentDictionary<int, bool>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                if (x % 9 == 4 && dies.TryAdd(x, true)) throw new LoopbackDeathException();
                order.Enqueue(x);
                return x;
            },
            Options(new Settings
            {
                Workers = 2, MaxAttempts = 2, Capacity = Count,
                RetryWhen = static e => e is LoopbackDeathException, ReplaceWorkerWhen = static e => e is LoopbackDeathException,
            }));
        var futures = Enumerable.Range(0, Count).Select(i => troupe.Submit(i, new() { Key = $"{i % 5}" })).ToArray();
        foreach (var future in futures) WaitForEnd(future);
        await End(troupe);
        for (var key = 0; key < 5; key++)
        {
            var own = order.Where(x => x % 5 == key);
            Assert.That(own, Is.EqualTo(Enumerable.Range(0, Count / 5).Select(i => (i * 5) + key)));
        }
    }

    private TinyTroupe<int, int> TroupeWithASlowTask(ConcurrentQueue<int> order, SemaphoreSlim begun, SemaphoreSlim gate) => new(
        x =>
        {
            if (x == Slow)
            {
                begun.Release();
                if (!gate.Wait(Within.Deadline)) throw new AssertionException("the gate stayed shut");
            }
            else
            {
                order.Enqueue(x);
            }

            return x;
        },
        Options(new Settings { Capacity = 10_000 }));

    // Fast tasks first, so that the worker is sent tasks ahead; then a slow one, with others behind it.
    private static async Task<TinyFuture<int>[]> FillAsync(TinyTroupe<int, int> troupe, SemaphoreSlim begun)
    {
        troupe.Pause();
        for (var i = 0; i < Fast; i++) _ = troupe.Submit(i);
        var slow = troupe.Submit(Slow);
        var futures = Enumerable.Range(0, Fast).Select(i => troupe.Submit(i)).ToArray();
        troupe.Resume();
        Assert.That(await begun.WaitAsync(Within.Deadline), Is.True);
        return [slow, .. futures];
    }

    // A child that is asked for what it has not begun may begin some of it meanwhile.
    private static void WaitForReturned(TinyTroupe<int, int> troupe, int count) =>
        Within.Until(() => troupe.Inside.Core.Queue.Count == count, "what was sent ahead to come back");

    private sealed class LoopbackDeathException : Exception;
}
