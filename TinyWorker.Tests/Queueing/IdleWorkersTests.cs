using System.Collections.Concurrent;
using TinyWorker.Queueing;

namespace TinyWorker.Tests.Queueing;

internal sealed class IdleWorkersTests
{
    [TestCase(1, 1)]
    [TestCase(1, 4)]
    [TestCase(3, 2)]
    [TestCase(4, 8)]
    public void Workers_HammeredWithSingleItems_MissNoWakeUp(int producers, int workers)
    {
        const int items = 60_000;
        var queue = new ConcurrentQueue<SemaphoreSlim>();
        var idle = new IdleWorkers(() => !queue.IsEmpty);
        var closed = false;
        var crew = Enumerable.Range(0, workers).Select(_ => new Worker(queue, idle, () => Volatile.Read(ref closed))).ToArray();

        Within.Time(
            () =>
            {
                var threads = Enumerable.Range(0, producers).Select(p => new Thread(() =>
                {
                    // Each producer waits for its item before it adds the next (or two at once): a lost wake-up is a hang.
                    using var done = new SemaphoreSlim(0);
                    for (var i = 0; i < items / producers; i++)
                    {
                        var burst = 1 + (i % 2);
                        for (var b = 0; b < burst; b++)
                        {
                            queue.Enqueue(done);
                            idle.ItemAdded();
                        }

                        for (var b = 0; b < burst; b++) done.Wait();
                    }
                }) { IsBackground = true }).ToArray();
                foreach (var thread in threads) thread.Start();
                foreach (var thread in threads) thread.Join();
                Volatile.Write(ref closed, true);
                idle.Close();
                foreach (var worker in crew) worker.Join();
            },
            "every item");

        Assert.That(queue, Is.Empty);
    }

    [Test]
    public void Worker_RestingAfterTheClose_IsWokenAtOnce()
    {
        var idle = new IdleWorkers(() => false);
        idle.Close();
        var sleeper = new Sleeper();

        idle.Rest(sleeper);

        Assert.That(sleeper.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void ItemAdded_WithManyAsleep_WakesOneAndNoMoreWhileItSearches()
    {
        var has = false;
        var idle = new IdleWorkers(() => has);
        var sleepers = Enumerable.Range(0, 3).Select(_ => new Sleeper()).ToArray();
        foreach (var sleeper in sleepers) idle.Rest(sleeper);
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes), Is.Zero);

        has = true;
        idle.ItemAdded();
        idle.ItemAdded();
        Assert.That(sleepers[2].Wakes, Is.EqualTo(1), "the last to rest");
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes), Is.EqualTo(1));

        idle.EndSearch(sleepers[2]);
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes), Is.EqualTo(2), "there is more: the next is woken");
    }

    [Test]
    public void ItemAdded_WithAWorkerThatCannotComeAtOnce_WakesTheNextToo()
    {
        var (free, busy) = (new Sleeper(), new Sleeper { ComesAtOnce = false });
        var hasItems = false;
        var idle = new IdleWorkers(() => hasItems);
        idle.Rest(free);
        idle.Rest(busy);

        hasItems = true;
        idle.ItemAdded();

        Assert.That((busy.Wakes, free.Wakes), Is.EqualTo((1, 1)));
        Assert.That(idle.TryBeginSearch(busy), Is.False, "the free one searches");
        Assert.That(idle.TryBeginSearch(free), Is.True);
    }

    private sealed class Sleeper : IRestingWorker
    {
        public int Wakes { get; private set; }

        public bool ComesAtOnce { get; init; } = true;

        public IRestingWorker? NextResting { get; set; }

        public bool Wake()
        {
            Wakes++;
            return ComesAtOnce;
        }
    }

    private sealed class Worker : IRestingWorker
    {
        private readonly SemaphoreSlim _awake = new(0);
        private readonly Thread _thread;
        public Worker(ConcurrentQueue<SemaphoreSlim> queue, IdleWorkers idle, Func<bool> isClosed)
        {
            _thread = new Thread(() => Run(queue, idle, isClosed)) { IsBackground = true };
            _thread.Start();
        }

        public IRestingWorker? NextResting { get; set; }

        public bool Wake()
        {
            _awake.Release();
            return Random.Shared.Next(4) > 0;   // what a busy thread says
        }

        public void Join() => _thread.Join();

        private void Run(ConcurrentQueue<SemaphoreSlim> queue, IdleWorkers idle, Func<bool> isClosed)
        {
            while (true)
            {
                if (queue.TryDequeue(out var done))
                {
                    idle.EndSearch(this);
                    done.Release();
                    continue;
                }

                if (isClosed()) return;
                // One more look as the searcher, before it lies down.
                if (idle.TryBeginSearch(this) && !queue.IsEmpty) continue;
                idle.Rest(this);
                _awake.Wait();
            }
        }
    }
}
