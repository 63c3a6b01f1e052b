using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

public abstract partial class TroupeContract
{
    [Test]
    public async Task Pause_StartsNoTaskUntilResume()
    {
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                return x;
            },
            Options(new Settings { Workers = 2, Capacity = 3 }));
        Within.Time(troupe.Submit(0));
        Assert.That(troupe.IsPaused, Is.False);
        troupe.Pause();
        troupe.Pause();
        Assert.That(troupe.IsPaused, Is.True);
        var futures = Enumerable.Range(1, 3).Select(i => troupe.Submit(i)).ToArray();
        Assert.That(troupe.TrySubmit(4, out _), Is.False, "the bound holds");
        Assert.That(troupe.Snapshot(), Has.Property("Waiting").EqualTo(3).And.Property("Running").Zero);
        Assert.That(futures[1].Cancel(), Is.True);
        Assert.That(troupe.TrySubmit(4, out var fourth), Is.True, "its place is free");
        Assert.That(runs, Is.EqualTo(1));
        troupe.Resume();
        troupe.Resume();
        Assert.That(troupe.IsPaused, Is.False);
        Within.Time(futures[0]);
        Within.Time(futures[2]);
        Within.Time(fourth!);
        await End(troupe);
        Assert.That(runs, Is.EqualTo(4));
    }

    // A bug that the model found: the drain began before the abort.
    [Test]
    public async Task StopAsync_OfAPausedTroupeWithATokenThatHasFired_StartsNothing()
    {
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                return x;
            },
            Options());
        troupe.Pause();
        TinyFuture<int>[] futures = [troupe.Submit(0), troupe.Submit(1, new() { Key = "a" }), troupe.Submit(2, new() { Priority = 1 })];
        await Within.Time(troupe.StopAsync(new CancellationToken(canceled: true)));
        Assert.That(futures.Select(static future => future.Status), Is.All.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(runs, Is.Zero);
    }

    [TestCase("dispose")]
    [TestCase("stop")]
    [TestCase("complete")]
    public async Task Pause_IsOverruledByADrain(string how)
    {
        var troupe = new TinyTroupe<int, int>(x => x, Options());
        troupe.Pause();
        var futures = Enumerable.Range(0, 10).Select(i => troupe.Submit(i)).ToArray();
        var keyed = troupe.Submit(10, new() { Key = "a" });
        await Within.Time(how switch
        {
            "dispose" => troupe.DisposeAsync().AsTask(),
            "stop" => troupe.StopAsync(CancellationToken.None),
            _ => troupe.CompleteAsync(),
        });
        foreach (var future in futures.Append(keyed)) Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Succeeded));
        troupe.Pause();
        Assert.That(troupe.IsPaused, Is.False);
        await End(troupe);
    }

    [Test]
    public async Task Abort_OfAPausedTroupe_EndsEverythingThatWaits()
    {
        var runs = 0;
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Interlocked.Increment(ref runs);
                return x;
            },
            Options(new Settings { Workers = 2 }));
        troupe.Pause();
        TinyFuture<int>[] futures =
        [
            troupe.Submit(0), troupe.Submit(1, new() { Priority = 1 }), troupe.Submit(2, new() { Priority = -1 }),
            troupe.Submit(3, new() { Key = "a" }), troupe.Submit(4, new() { Key = "a" }), .. troupe.SubmitToEach(5),
        ];
        troupe.Abort();
        foreach (var future in futures) Assert.That(future.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        await End(troupe);
        Assert.That(runs, Is.Zero);
    }

    [Test]
    public async Task Pause_FromInsideATask_LetsThatTaskEndAndStartsNoOther()
    {
        TinyTroupe<int, int>? troupe = null;
        var order = new ConcurrentQueue<int>();
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                order.Enqueue(x);
                if (x == 0) troupe!.Pause();
                return x;
            },
            Options());
        var first = troupe.Submit(0);
        Within.Time(first);
        var second = troupe.Submit(1);
        Assert.That((second.Status, troupe.IsPaused), Is.EqualTo((TinyFutureStatus.Pending, true)));
        troupe.Resume();
        Within.Time(second);
        await End(troupe);
        Assert.That(order, Is.EqualTo([0, 1]));
    }
}
