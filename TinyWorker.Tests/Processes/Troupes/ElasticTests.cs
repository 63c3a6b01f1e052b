namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Worker processes that come when tasks wait, and go when they have nothing to do.</summary>
internal sealed class ElasticTests : TroupeFixture
{
    private static readonly ProcessTroupeOptions Elastic = new()
    {
        Workers = 2, MinWorkers = 0, IdleTimeout = TimeSpan.FromMilliseconds(300),
    };

    [Test]
    public async Task IdleTroupe_OfMinWorkersZero_HasNoChildAndComesBack()
    {
        var troupe = new TinyTroupe<int, int>(_ => Environment.ProcessId, Elastic);
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(ProcessTable.Children(), Is.Empty);
        List<int> processes = [];
        for (var round = 0; round < 3; round++)
        {
            processes.Add(await Result(troupe.Submit(round)));
            Within.Until(() => ProcessTable.Children().Length == 0 && troupe.Snapshot().Workers.Count == 0, "the child to leave");
        }

        Assert.That(processes, Is.Unique.And.None.EqualTo(Environment.ProcessId));
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Succeeded, now.Waiting, now.Running), Is.EqualTo((3, 3, 0, 0)));
        await Dispose(troupe);
    }

    [Test]
    public async Task Resize_UnderLoad_EndsEveryTaskAndTheChildrenThatAreTooMany()
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 3, Capacity = 4096 });
        List<TinyFuture<int>> futures = [];
        foreach (var workers in new[] { 1, 3, 2 })
        {
            for (var i = 0; i < 1000; i++) futures.Add(troupe.Submit(i));
            troupe.Resize(workers);
        }

        for (var i = 0; i < futures.Count; i++) Assert.That(await Result(futures[i]), Is.EqualTo((i % 1000) + 1));
        Within.Until(() => troupe.Snapshot().Workers.Count == 2 && ProcessTable.Children().Length == 2, "two children");
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Succeeded), Is.EqualTo((3000, 3000)));
        await Dispose(troupe);
    }
}
