namespace TinyWorker.Tests.Streaming;

/// <summary>In the Python libraries that maps come from, an iterator that is neither ended nor disposed keeps the process from
/// exiting.</summary>
internal sealed class DroppedIteratorTests
{
    [Test]
    public async Task Process_ThatDropsTheIteratorOfAMap_ExitsByItself(
        [Values("Map", "MapAsync", "ParallelMap", "ParallelMapAsync", "ParallelMapAsync on the pool")] string map,
        [Values] bool hasProgress)
    {
        var (exitCode, output, errors) = await OwnProcess.RunAsync(Within.Deadline, DropsAnIterator.Name, map, hasProgress.ToString());
        Assert.That((exitCode, output), Is.EqualTo((0, $"0 1{Environment.NewLine}")), errors);
        Assert.That(errors, hasProgress ? Does.StartWith("dropped: ") : Is.Empty);
    }
}
