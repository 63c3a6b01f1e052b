using System.Collections.Concurrent;
using TinyWorker.Tasks;

namespace TinyWorker.Tests.Tasks;

internal sealed class IdleWorkersTests
{
    [TestCase(1, 1)]
    [TestCase(1, 4)]
    [TestCase(3, 2)]
    [TestCase(4, 8)]
    public void Workers_GivenManySingleItems_MissNoWakeUp(int producers, int workers)
    {
        const int items = 60_000;
        var queue = new ConcurrentQueue<SemaphoreSlim>();
        var idle = new IdleWorkers(() => !queue.IsEmpty);
        var closed = false;
        var consumers = Enumerable.Range(0, workers).Select(_ => new Consumer(queue, idle, () => Volatile.Read(ref closed))).ToArray();

        Within.Time(
            () =>
            {
                var threads = Enumerable.Range(0, producers).Select(p => new Thread(() =>
                {
                    // Each producer adds one item, or two at once, and waits for them: a lost wake-up is a hang.
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
                foreach (var worker in consumers) worker.Join();
            },
            "every item");

        Assert.That(queue, Is.Empty);
    }

    [Test]
    public void Worker_ParkedAfterTheClose_IsWokenAtOnce()
    {
        var idle = new IdleWorkers(() => false);
        idle.Close();
        var parked = new ParkedWorker();

        idle.Park(parked);

        Assert.That(parked.Wakes, Is.EqualTo(1));
    }

    [Test]
    public void ItemAdded_WithManyParkedWorkers_WakesOneAndNoMoreWhileItSearches()
    {
        var hasItems = false;
        var idle = new IdleWorkers(() => hasItems);
        var parked = Enumerable.Range(0, 3).Select(_ => new ParkedWorker()).ToArray();
        foreach (var worker in parked) idle.Park(worker);
        Assert.That(parked.Sum(worker => worker.Wakes), Is.Zero);

        hasItems = true;
        idle.ItemAdded();
        idle.ItemAdded();
        Assert.That(parked[2].Wakes, Is.EqualTo(1), "the worker that parked last");
        Assert.That(parked.Sum(worker => worker.Wakes), Is.EqualTo(1));

        idle.EndSearch(parked[2]);
        Assert.That(parked.Sum(worker => worker.Wakes), Is.EqualTo(2), "there are more items: the next worker is woken");
    }

    [Test]
    public void ItemAdded_WithAWorkerThatCannotComeAtOnce_WakesTheNextWorkerToo()
    {
        var (free, busy) = (new ParkedWorker(), new ParkedWorker { ComesAtOnce = false });
        var hasItems = false;
        var idle = new IdleWorkers(() => hasItems);
        idle.Park(free);
        idle.Park(busy);

        hasItems = true;
        idle.ItemAdded();

        Assert.That((busy.Wakes, free.Wakes), Is.EqualTo((1, 1)));
        Assert.That(idle.TryBeginSearch(busy), Is.False, "the free worker searches");
        Assert.That(idle.TryBeginSearch(free), Is.True);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(2)]
    public void Unpark_WakesThatWorkerAndLeavesTheOthers(int which)
    {
        var idle = new IdleWorkers(static () => true);
        ParkedWorker[] workers = [new(), new(), new()];
        var searcher = new ParkedWorker();
        Assert.That(idle.TryBeginSearch(searcher), Is.True, "so that no worker is woken for the items");
        foreach (var worker in workers) idle.Park(worker);

        idle.Unpark(workers[which]);
        idle.Unpark(workers[which]);

        Assert.That(workers.Select(static worker => worker.Wakes), Is.EqualTo(Enumerable.Range(0, 3).Select(i => i == which ? 1 : 0)));
        Assert.That(idle.TryBeginSearch(workers[which]), Is.False, "it does not search");
        idle.Close();
        Assert.That(workers.Select(static worker => worker.Wakes), Is.All.EqualTo(1));
    }

    private sealed class ParkedWorker : IParkedWorker
    {
        public int Wakes { get; private set; }

        public bool ComesAtOnce { get; init; } = true;

        public bool IsParked { get; set; }

        public IParkedWorker? NextParked { get; set; }

        public IParkedWorker? PreviousParked { get; set; }

        public bool Wake()
        {
            Wakes++;
            return ComesAtOnce;
        }
    }

    private sealed class Consumer : IParkedWorker
    {
        private readonly SemaphoreSlim _awake = new(0);
        private readonly Thread _thread;

        public Consumer(ConcurrentQueue<SemaphoreSlim> queue, IdleWorkers idle, Func<bool> isClosed)
        {
            _thread = new Thread(() => Run(queue, idle, isClosed)) { IsBackground = true };
            _thread.Start();
        }

        public bool IsParked { get; set; }

        public IParkedWorker? NextParked { get; set; }

        public IParkedWorker? PreviousParked { get; set; }

        public bool Wake()
        {
            _awake.Release();
            return Random.Shared.Next(4) > 0;   // false: the thread is busy
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
                // The consumer looks once more as the searcher before it parks.
                if (idle.TryBeginSearch(this) && !queue.IsEmpty) continue;
                idle.Park(this);
                _awake.Wait();
            }
        }
    }
}
