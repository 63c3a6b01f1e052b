using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// Resize: more workers, or fewer, while the troupe runs.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Resize_ToMore_MakesThemAtOnce()
    {
        var counts = new ConcurrentDictionary<int, int>();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                counts[info.Index] = info.Count;
                return new FunctionWorker(x => x);
            },
            Options());
        await Within.Time(troupe.WhenReadyAsync());
        troupe.Resize(3);
        Assert.That(troupe.Workers, Is.EqualTo(3));
        Within.Until(() => troupe.Snapshot().Workers.Count(static worker => worker.State == WorkerState.Idle) == 3, "three workers");
        Assert.That(new[] { counts[0], counts[1], counts[2] }, Is.EqualTo([1, 3, 3]));
        Assert.That(troupe.Snapshot().MaxWorkers, Is.EqualTo(3));
        await End(troupe);
    }

    [Test]
    public async Task Resize_ToFewer_DisposesThoseWithTheHighestIndexes()
    {
        var disposed = new ConcurrentQueue<int>();
        var clock = new ManualClock();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x => x, () => disposed.Enqueue(info.Index)),
            Options(new Settings { Workers = 4, Clock = clock }));
        await Within.Time(troupe.WhenReadyAsync());
        for (var i = 0; i < 40; i++) Within.Time(troupe.Submit(i));
        troupe.Resize(2);
        Within.Until(() => troupe.Snapshot().Workers.Count == 2, "two to leave");
        Assert.That(disposed, Is.EquivalentTo([2, 3]));
        for (var i = 0; i < 10; i++) Within.Time(troupe.Submit(i));
        var now = troupe.Snapshot();
        Assert.That((now.Accepted, now.Succeeded, now.Waiting, now.Running), Is.EqualTo((50, 50, 0, 0)));
        Assert.That(now.Workers.Select(static worker => worker.Index), Is.EqualTo([0, 1]));

        troupe.Resize(4);
        Within.Until(() => troupe.Snapshot().Workers.Count(static worker => worker.State == WorkerState.Idle) == 4, "four workers");
        Assert.That(troupe.Snapshot().Workers.Select(static worker => worker.Restarts), Is.EqualTo([0, 0, 1, 1]));
        await End(troupe);
        Assert.That(disposed, Has.Count.EqualTo(6));
        Assert.That(clock.Armed, Is.Zero);
    }

    [Test]
    public async Task Resize_OutOfRange_IsRefusedAndChangesNothing()
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options(new Settings { Workers = 4, MinWorkers = 3 }));
        foreach (var workers in new[] { 0, -1, 65_537, int.MaxValue })
        {
            var thrown = Assert.Throws<ArgumentOutOfRangeException>(() => troupe.Resize(workers));
            Assert.That((thrown!.ParamName, thrown.ActualValue), Is.EqualTo(("workers", workers)));
        }

        Assert.That(
            () => troupe.Resize(2),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("MinWorkers").And.Message.Contains("3"));
        Assert.That(troupe.Workers, Is.EqualTo(4));
        await End(troupe);
        troupe.Resize(65_536);
        Assert.That(() => troupe.Resize(0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That((troupe.Workers, troupe.Snapshot().Workers.Count), Is.EqualTo((4, 3)));
    }

    [Test]
    [SharesMemory("the troupe itself")]
    public async Task Resize_InsideAWorker_DoesNotWaitForIt()
    {
        TinyTroupe<int, int> troupe = null!;
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                troupe.Resize(x);
                return troupe.Workers;
            },
            Options(new Settings { Workers = 2 }));
        foreach (var workers in new[] { 1, 3, 1, 2, 2, 1, 4 }) Assert.That(Within.Time(troupe.Submit(workers)), Is.EqualTo(workers));
        Within.Until(() => troupe.Snapshot().Workers.Count(static worker => worker.State == WorkerState.Idle) == 4, "four workers");
        await End(troupe);
        Assert.That(troupe.Snapshot().Succeeded, Is.EqualTo(7));
    }

    [Test]
    public async Task Resize_WhileTasksWait_LosesNoneAndKeepsTheOrderOfKeys()
    {
        const int Each = 30;
        var ran = new ConcurrentQueue<(int Key, int Number)>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                ran.Enqueue((x % 10, x / 10));
                return x;
            },
            Options(new Settings { Workers = 3, Capacity = 4096 }));
        List<TinyFuture<int>> futures = [];
        for (var i = 0; i < 10 * Each; i++)
        {
            if (i % 20 == 0) troupe.Pause();
            futures.Add(i % 10 < 8 ? troupe.Submit(i, new SubmitOptions { Key = $"key {i % 10}" }) : troupe.Submit(i));
            if (i % 20 != 19) continue;
            troupe.Resize(1 + (i / 20 % 5));
            troupe.Resume();
        }

        foreach (var future in futures) Within.Time(future);
        await End(troupe);
        foreach (var group in ran.Where(static run => run.Key < 8).GroupBy(static run => run.Key))
            Assert.That(group.Select(static run => run.Number), Is.EqualTo(Enumerable.Range(0, Each)), $"key {group.Key}");
        Assert.That(ran, Has.Count.EqualTo(10 * Each));
    }

    [Test]
    public async Task Resize_ToFewer_RunsTheTasksOfEachFirst([Values] bool isPaused)
    {
        var ran = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x =>
            {
                ran.Enqueue(info.Index);
                return x;
            }),
            Options(new Settings { Workers = 3 }));
        await Within.Time(troupe.WhenReadyAsync());
        if (isPaused) troupe.Pause();
        var each = troupe.SubmitToEach(7);
        troupe.Resize(1);
        if (isPaused)
        {
            Assert.That(ran, Is.Empty);
            troupe.Resume();
        }

        foreach (var future in each) Assert.That(Within.Time(future), Is.EqualTo(7));
        Assert.That(ran, Is.EquivalentTo([0, 1, 2]));
        Within.Until(() => troupe.Snapshot().Workers.Count == 1, "two to leave");
        Assert.That(troupe.SubmitToEach(8), Has.Count.EqualTo(1));
        await End(troupe);
    }

    [Test]
    public async Task Resize_OfAnElasticTroupe_MakesNoneBeforeTheyAreNeeded()
    {
        var made = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => x);
            },
            Options(new Settings { Workers = 1, MinWorkers = 1 }));
        await Within.Time(troupe.WhenReadyAsync());
        troupe.Resize(4);
        for (var i = 0; i < 10; i++) Within.Time(troupe.Submit(i));
        Assert.That((troupe.Workers, troupe.Snapshot().MaxWorkers), Is.EqualTo((4, 4)));
        Assert.That(troupe.Snapshot().Workers, Has.Count.EqualTo(made).And.Count.InRange(1, 4));
        await End(troupe);
    }
}
