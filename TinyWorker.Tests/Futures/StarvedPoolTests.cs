namespace TinyWorker.Tests.Futures;

[NonParallelizable]
internal sealed class StarvedPoolTests
{
    [Test]
    public void ThreadTroupes_WithThePoolStarved_StillRunChainsAndResults()
    {
        var options = new ThreadTroupeOptions { Workers = 2, Capacity = 1 };
        using var pool = new StarvedPool();
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

        Assert.That(pool.StillStarves, Is.True);
    }
}
