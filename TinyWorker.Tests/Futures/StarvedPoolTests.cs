namespace TinyWorker.Tests.Futures;

[NonParallelizable]
internal sealed class StarvedPoolTests
{
    [Test]
    public void ThreadTroupes_WithThePoolStarved_StillRunChainsAndResults()
    {
        var options = new ThreadTroupeOptions { Workers = 2, Capacity = 1 };
        var gate = new ManualResetEventSlim();   // not disposed: the pool's threads leave it after the test has ended
        var probed = false;
        ThreadPool.GetMaxThreads(out var workers, out var ports);
        ThreadPool.GetMinThreads(out var least, out _);
        try
        {
            Assert.That(ThreadPool.SetMaxThreads(Math.Max(least, Environment.ProcessorCount), ports), Is.True);
            for (var i = 0; i < 200; i++) ThreadPool.UnsafeQueueUserWorkItem(_ => gate.Wait(Within.Deadline), null);
            Within.Until(() => ThreadPool.PendingWorkItemCount > 0 && ThreadPool.ThreadCount >= least, "the pool's starvation");
            ThreadPool.UnsafeQueueUserWorkItem(_ => Volatile.Write(ref probed, true), null);

            Within.Time(() =>
            {
                var a = new TinyTroupe<int, int>(x => x + 1, options);
                var b = new TinyTroupe<int, int>(x => x * 2, options);
                for (var i = 0; i < 1_000; i++)
                    Assert.That(b.Submit(a.Submit(i)).Result(), Is.EqualTo((i + 1) * 2));

                // Blocked submitters, too: a full channel of one place.
                var many = Enumerable.Range(0, 1_000).Select(i => a.Submit(i)).ToArray();
                Assert.That(many.Sum(future => future.Result()), Is.EqualTo(500_500));
                a.Dispose();
                b.Dispose();
            });

            Assert.That(Volatile.Read(ref probed), Is.False, "the pool was starved all the time");
        }
        finally
        {
            gate.Set();
            ThreadPool.SetMaxThreads(workers, ports);
        }
    }
}
