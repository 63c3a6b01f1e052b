using System.Collections.Concurrent;
using TinyWorker.Tasks;

namespace TinyWorker.Tests.Contract;

// Tasks with a key, and tasks for every worker.
public abstract partial class TroupeContract
{
    [TestCase(null)]
    [TestCase(3)]
    public async Task Key_OfManyTasks_RunsThemOnOneWorkerAndInTheirOrder(int? maxTasksPerWorker)
    {
        const int Workers = 3;
        const int Keys = 12;
        const int Each = 40;
        var ran = new ConcurrentQueue<(int Key, int Number, int Worker)>();
        var running = new int[Keys];
        var overlaps = 0;
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x =>
            {
                if (Interlocked.Increment(ref running[x % Keys]) != 1) Interlocked.Increment(ref overlaps);
                ran.Enqueue((x % Keys, x / Keys, info.Index));
                Interlocked.Decrement(ref running[x % Keys]);
                return x;
            }),
            Options(new Settings { Workers = Workers, MaxTasksPerWorker = maxTasksPerWorker, Capacity = 16 }));
        List<TinyFuture<int>> futures = [];
        for (var i = 0; i < Keys * Each; i++)
        {
            futures.Add(await troupe.SubmitAsync(i, new SubmitOptions { Key = $"key {i % Keys}" }));
            if (i % 3 == 0) futures.Add(await troupe.SubmitAsync(-1 - (i % Keys) + Keys));
        }

        foreach (var future in futures) Within.Time(future);
        await End(troupe);
        foreach (var group in ran.Where(static run => run.Number > 0).GroupBy(static run => run.Key))
        {
            Assert.That(group.Select(static run => run.Number), Is.EqualTo(Enumerable.Range(1, Each - 1)));
            Assert.That(group.Select(static run => run.Worker), Is.All.EqualTo(KeyPlaces.PlaceOf($"key {group.Key}", Workers)));
        }

        Assert.That(ran.Count(static run => run.Number > 0), Is.EqualTo(Keys * (Each - 1)));
    }

    [TestCase(-1)]
    [TestCase(1)]
    public async Task Cancel_OfTheFirstTaskOfAKey_LeavesTheNextItsOwnPriority(int priority)
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options());
        troupe.Pause();
        var first = troupe.Submit(0, new() { Key = "a", Priority = priority });
        TinyFuture<int>[] others = [troupe.Submit(1, new() { Key = "b" }), troupe.Submit(2, new() { Key = "a" })];
        Assert.That(first.Cancel(), Is.True);
        troupe.Resume();
        foreach (var future in others) Within.Time(future);
        Assert.That(order, Is.EqualTo([1, 2]));
        await End(troupe);
    }

    [Test]
    public async Task Key_OfTasksWithPriorities_KeepsItsOrder()
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options());
        troupe.Pause();
        TinyFuture<int>[] futures =
        [
            troupe.Submit(0, new() { Key = "a" }), troupe.Submit(1, new() { Key = "a", Priority = 9 }),
            troupe.Submit(2, new() { Key = "b", Priority = 5 }), troupe.Submit(3, new() { Priority = 3 }),
        ];
        troupe.Resume();
        foreach (var future in futures) Within.Time(future);
        Assert.That(order, Is.EqualTo([2, 3, 0, 1]));
        await End(troupe);
    }

    [Test]
    public async Task Key_BesideTasksOfEverybody_TakesTurnsWithThem()
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options());
        troupe.Pause();
        List<TinyFuture<int>> futures = [];
        for (var i = 0; i < 50; i++) futures.Add(troupe.Submit(i, new() { Key = "a" }));
        for (var i = 100; i < 150; i++) futures.Add(troupe.Submit(i));
        troupe.Resume();
        foreach (var future in futures) Within.Time(future);
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, 100).Select(static i => i % 2 == 0 ? i / 2 : 100 + (i / 2))));
        await End(troupe);
    }

    [Test]
    public async Task Key_OfATaskThatIsRunAgain_HoldsBackTheOthersOfItsKey([Values] bool isCancelledMeanwhile)
    {
        var clock = new ManualClock();
        var order = new ConcurrentQueue<int>();
        var fails = 1;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x == 0 && Interlocked.Decrement(ref fails) >= 0 ? throw new FormatException() : x;
            },
            Options(new Settings
            {
                Workers = 2, MaxAttempts = 2, RetryWhen = static e => e is FormatException, RetryDelay = TimeSpan.FromSeconds(10),
                Clock = clock,
            }));
        var first = troupe.Submit(0, new() { Key = "a" });
        var second = troupe.Submit(1, new() { Key = "a" });
        Within.Until(() => clock.Armed == 1, "the pause");
        Within.Time(troupe.Submit(2, new() { Key = "b" }));
        Within.Time(troupe.Submit(3));
        Assert.That(second.Status, Is.EqualTo(TinyFutureStatus.Pending));
        if (isCancelledMeanwhile) Assert.That(first.Cancel(), Is.True);
        else clock.Advance(TimeSpan.FromSeconds(20));
        Within.Time(second);
        WaitForEnd(first);
        await End(troupe);
        Assert.That(order.Where(static x => x < 2), Is.EqualTo(isCancelledMeanwhile ? [0, 1] : new[] { 0, 0, 1 }));
    }

    [Test]
    public async Task Key_OfTasksThatAreCancelled_LetsTheNextRun()
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options(new Settings { Capacity = 10_000 }));
        troupe.Pause();
        var futures = Enumerable.Range(0, 6_000).Select(i => troupe.Submit(i, new() { Key = $"{i % 2}" })).ToArray();
        for (var i = 0; i < futures.Length; i++)
            if (i % 100 > 1) Assert.That(futures[i].Cancel(), Is.True);
        troupe.Resume();
        await End(troupe);
        Assert.That(order.Where(static x => x % 2 == 0), Is.EqualTo(Enumerable.Range(0, 60).Select(static i => i * 100)));
        Assert.That(order.Where(static x => x % 2 == 1), Is.EqualTo(Enumerable.Range(0, 60).Select(static i => (i * 100) + 1)));
    }

    [Test]
    public async Task Key_OfATaskWhoseInputIsUnfinished_DoesNotHoldBackTheOthers()
    {
        var order = new ConcurrentQueue<int>();
        var source = new TinyFutureSource<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options());
        var late = troupe.Submit(source.Future, new() { Key = "a" });
        Within.Time(troupe.Submit(1, new() { Key = "a" }));
        source.TrySetResult(0);
        Within.Time(late);
        await End(troupe);
        Assert.That(order, Is.EqualTo([1, 0]));
    }

    [Test]
    public async Task Key_OfATaskThatFaults_LetsTheNextRun()
    {
        var troupe = new TinyTroupe<int, int>(x => x == 0 ? throw new FormatException() : x, Options());
        var first = troupe.Submit(0, new() { Key = "a" });
        var second = troupe.Submit(1, new() { Key = "a" });
        Assert.That(Within.Time(second), Is.EqualTo(1));
        Assert.That(first.Exception, Is.TypeOf<FormatException>());
        await End(troupe);
    }

    [Test]
    public async Task SubmitToEach_RunsOneTaskOnEveryWorkerPastTheBound(
        [Values(1, 3)] int workers, [Values(null, 1)] int? maxTasksPerWorker)
    {
        var ran = new ConcurrentQueue<(int Input, int Worker)>();
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x =>
            {
                ran.Enqueue((x, info.Index));
                return info.Index;
            }),
            Options(new Settings { Workers = workers, Capacity = 1, MaxTasksPerWorker = maxTasksPerWorker }));
        for (var round = 1; round <= 5; round++)
        {
            Within.Time(troupe.Submit(0));
            var futures = troupe.SubmitToEach(round);
            Assert.That(futures.Select(static future => Within.Time(future)), Is.EqualTo(Enumerable.Range(0, workers)));
        }

        await End(troupe);
        for (var round = 1; round <= 5; round++)
        {
            var workersOfRound = ran.Where(run => run.Input == round).Select(static run => run.Worker);
            Assert.That(workersOfRound, Is.EquivalentTo(Enumerable.Range(0, workers)));
        }

        Assert.That(() => troupe.SubmitToEach(1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => troupe.SubmitToEach(1, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task SubmitToEach_OfTasksThatAreCancelledOrFault_ConcernsEachAlone()
    {
        var troupe = new TinyTroupe<int, int>(
            info => new FunctionWorker(x => info.Index == 1 ? throw new FormatException() : x), Options(new Settings { Workers = 3 }));
        troupe.Pause();
        var futures = troupe.SubmitToEach(7);
        Assert.That(futures[2].Cancel(), Is.True);
        troupe.Resume();
        Assert.That(Within.Time(futures[0]), Is.EqualTo(7));
        WaitForEnd(futures[1]);
        Assert.That(futures[1].Exception, Is.TypeOf<FormatException>());
        Assert.That(futures[2].Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
        var end = troupe.Snapshot();
        Assert.That((end.Accepted, end.Succeeded, end.Faulted, end.Canceled), Is.EqualTo((3L, 1L, 1L, 1L)));
    }
}
