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
        var crew = Enumerable.Range(0, workers).Select(_ => new Worker(queue, idle)).ToArray();

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

        idle.Rest(sleeper, wasSearcher: false);

        Assert.That(sleeper.Wakes, Is.EqualTo(new[] { false }));
    }

    [Test]
    public void ItemAdded_WithManyAsleep_WakesOneAndNoMoreWhileItSearches()
    {
        var has = false;
        var idle = new IdleWorkers(() => has);
        var sleepers = Enumerable.Range(0, 3).Select(_ => new Sleeper()).ToArray();
        foreach (var sleeper in sleepers) idle.Rest(sleeper, wasSearcher: false);
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes.Count), Is.Zero);

        has = true;
        idle.ItemAdded();
        idle.ItemAdded();
        Assert.That(sleepers[2].Wakes, Is.EqualTo(new[] { true }), "the last to rest");
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes.Count), Is.EqualTo(1));

        idle.EndSearch();
        Assert.That(sleepers.Sum(sleeper => sleeper.Wakes.Count), Is.EqualTo(2), "there is more: the next is woken");
    }

    private sealed class Sleeper : IRestingWorker
    {
        public List<bool> Wakes { get; } = [];

        public IRestingWorker? NextResting { get; set; }

        public void Wake(bool asSearcher) => Wakes.Add(asSearcher);
    }

    private sealed class Worker : IRestingWorker
    {
        private readonly SemaphoreSlim _awake = new(0);
        private readonly Thread _thread;
        private bool _asSearcher;

        public Worker(ConcurrentQueue<SemaphoreSlim> queue, IdleWorkers idle)
        {
            _thread = new Thread(() => Run(queue, idle)) { IsBackground = true };
            _thread.Start();
        }

        public IRestingWorker? NextResting { get; set; }

        public void Wake(bool asSearcher)
        {
            _asSearcher = asSearcher;
            _awake.Release();
        }

        public void Join() => _thread.Join();

        private void Run(ConcurrentQueue<SemaphoreSlim> queue, IdleWorkers idle)
        {
            var searching = false;
            while (true)
            {
                if (queue.TryDequeue(out var done))
                {
                    if (searching) idle.EndSearch();
                    searching = false;
                    done.Release();
                    continue;
                }

                if (!searching && idle.TryBeginSearch())
                {
                    searching = true;
                    continue;
                }

                idle.Rest(this, searching);
                _awake.Wait();
                searching = _asSearcher;
                if (!searching) return;
            }
        }
    }
}
