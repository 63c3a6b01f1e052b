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

            // The submitter blocks, too: the troupe has one place.
            var many = Enumerable.Range(0, 1_000).Select(i => a.Submit(i)).ToArray();
            Assert.That(many.Sum(future => future.Result()), Is.EqualTo(500_500));
            a.Dispose();
            b.Dispose();
        });

        Assert.That(pool.IsStarved, Is.True);
    }

    [Test]
    public async Task ProcessTroupe_WithThePoolStarved_StillRunsTasks()
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 2, Capacity = 1 });
        await Within.Time(troupe.WhenReadyAsync());
        using var pool = new StarvedPool();
        Within.Time(() =>
        {
            for (var i = 0; i < 100; i++)
                Assert.That(troupe.Submit(i).Result(), Is.EqualTo(i + 1));
            var many = Enumerable.Range(0, 1_000).Select(i => troupe.Submit(i)).ToArray();
            Assert.That(many.Sum(future => future.Result()), Is.EqualTo(500_500));
        });

        Assert.That(pool.IsStarved, Is.True);
    }
}
