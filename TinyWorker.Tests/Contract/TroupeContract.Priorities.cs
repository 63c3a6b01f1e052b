using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// Tasks that go before others.
public abstract partial class TroupeContract
{
    [Test]
    public async Task Priority_OfTasksThatWait_OrdersTheirStarts()
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
        int[] priorities = [0, 5, 0, -3, 5, int.MaxValue, 0, -3, int.MinValue, 1];
        var futures = priorities.Select((priority, i) => troupe.Submit(i, new() { Priority = priority })).ToArray();
        troupe.Resume();
        foreach (var future in futures) Within.Time(future);
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, priorities.Length).OrderByDescending(i => priorities[i])));
        await End(troupe);
    }

    [Test]
    public async Task Priority_OfManyTasksOfWhichSomeAreCancelled_OrdersTheOthers()
    {
        const int Count = 4_000;
        var random = new Random(7);
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options(new Settings { Capacity = Count }));
        troupe.Pause();
        var priorities = Enumerable.Range(0, Count).Select(_ => random.Next(-2, 3)).ToArray();
        var futures = priorities.Select((priority, i) => troupe.Submit(i, new() { Priority = priority })).ToArray();
        for (var i = 0; i < Count; i++)
            if (i % 4 != 0) Assert.That(futures[i].Cancel(), Is.True);
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").EqualTo(Count / 4).And.Property("Canceled").EqualTo(Count * 3 / 4));
        troupe.Resume();
        await End(troupe);
        Assert.That(order, Is.EqualTo(Enumerable.Range(0, Count).Where(static i => i % 4 == 0).OrderByDescending(i => priorities[i])));
    }

    [Test]
    public async Task Priority_OfATaskWhoseInputIsUnfinished_CountsOnceTheInputIsThere()
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
        troupe.Pause();
        var late = troupe.Submit(source.Future, new() { Priority = 9 });
        var others = Enumerable.Range(0, 3).Select(i => troupe.Submit(i)).ToArray();
        source.TrySetResult(100);
        troupe.Resume();
        Within.Time(late);
        foreach (var other in others) Within.Time(other);
        Assert.That(order, Is.EqualTo([100, 0, 1, 2]));
        await End(troupe);
    }

    [Test]
    public async Task Priority_OfATaskThatIsRunAgain_IsKept()
    {
        var order = new ConcurrentQueue<int>();
        var fails = 2;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x < 2 && Interlocked.Decrement(ref fails) >= 0 ? throw new FormatException() : x;
            },
            Options(new Settings { MaxAttempts = 3, RetryWhen = static e => e is FormatException }));
        troupe.Pause();
        TinyFuture<int>[] futures =
        [
            troupe.Submit(0, new() { Priority = -1 }), troupe.Submit(1, new() { Priority = 1 }),
            troupe.Submit(2), troupe.Submit(3, new() { Priority = 1 }), troupe.Submit(4, new() { Priority = -1 }),
        ];
        troupe.Resume();
        foreach (var future in futures) Within.Time(future);
        Assert.That(order, Is.EqualTo([1, 1, 1, 3, 2, 0, 4]), "what failed goes before its equals, and not before others");
        await End(troupe);
    }

    [Test]
    public async Task Priority_DoesNotOrderThoseWhoWaitForRoom()
    {
        var order = new ConcurrentQueue<int>();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                return x;
            },
            Options(new Settings { Capacity = 1 }));
        troupe.Pause();
        var first = troupe.Submit(0);
        var second = troupe.SubmitAsync(1).AsTask();
        var third = troupe.SubmitAsync(2, new SubmitOptions { Priority = 7 }).AsTask();
        Assert.That(second.IsCompleted || third.IsCompleted, Is.False);
        troupe.Resume();
        Within.Time(first);
        Within.Time(await Within.Time(second));
        Within.Time(await Within.Time(third));
        Assert.That(order, Is.EqualTo([0, 1, 2]));
        await End(troupe);
    }
}
