using System.Collections.Concurrent;

namespace TinyWorker.Tests.Contract;

// The end of work, without and with the end of the troupe.
public abstract partial class TroupeContract
{
    [Test]
    [SharesMemory("its own troupe")]
    public async Task CompleteAsync_WithWorkThatMakesWork_TakesAllOfItAndNobodyElses()
    {
        TinyTroupe<int, int>? troupe = null;
        var ran = new ConcurrentBag<int>();
        using var gate = new ManualResetEventSlim();
        troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(gate);
                ran.Add(x);
                if (x <= 0) return x;
                _ = troupe!.Submit(x - 1);
                return troupe.TrySubmit(x - 1, out _) ? x : -1;
            },
            Options(new Settings { Workers = 3, Capacity = 4096 }));
        if (troupe.Inside.Loops.RunsInSubmit) gate.Set();
        var first = troupe.Submit(9);
        var completing = troupe.CompleteAsync();
        var outsiders = 0;
        Within.Until(IsRefused, "the troupe to be closed to outsiders");
        Assert.That(await Assert.CatchAsync(() => troupe.SubmitAsync(1).AsTask()), Is.TypeOf<ObjectDisposedException>());
        gate.Set();
        await Within.Time(completing, "the end");
        Assert.That(first.Result(), Is.EqualTo(9));
        Assert.That(ran, Has.Count.EqualTo(1023 + outsiders));
        var end = troupe.Snapshot();
        Assert.That((end.Accepted, end.Succeeded), Is.EqualTo((1023L + outsiders, 1023L + outsiders)));
        Assert.That(end.Workers.Select(static worker => worker.State), Is.All.EqualTo(WorkerState.Stopped));
        await Within.Time(troupe.CompleteAsync());
        await End(troupe);

        bool IsRefused()
        {
            try
            {
                if (troupe.TrySubmit(0, out _)) outsiders++;
                return false;
            }
            catch (ObjectDisposedException)
            {
                return true;
            }
        }
    }

    [Test]
    public async Task WhenIdleAsync_EndsWhenNothingWaitsAndNothingRuns()
    {
        var troupe = new TinyTroupe<int, int>(static x => x, Options(new Settings { Workers = 2 }));
        await Within.Time(troupe.WhenReadyAsync());
        await Within.Time(troupe.WhenIdleAsync(), "an idle troupe");
        for (var round = 0; round < 50; round++)
        {
            var futures = Enumerable.Range(0, round).Select(x => troupe.Submit(x)).ToArray();
            await Within.Time(troupe.WhenIdleAsync(), "the end of the work");
            Assert.That(futures, Is.All.Property("IsCompleted").True);
        }

        var input = new TinyFutureSource<int>();
        var chained = troupe.Submit(input.Future);
        var idle = troupe.WhenIdleAsync();
        using var patience = new CancellationTokenSource();
        var impatient = troupe.WhenIdleAsync(patience.Token);
        Assert.That(idle.IsCompleted, Is.False);
        await patience.CancelAsync();
        Assert.That(await Assert.CatchAsync(() => Within.Time(impatient)), Is.InstanceOf<OperationCanceledException>());
        chained.Cancel();
        await Within.Time(idle, "a cancelled task leaves it idle");
        await End(troupe);
        await Within.Time(troupe.WhenIdleAsync(), "after the end");
    }

    [Test]
    [SharesMemory("its own troupe")]
    public async Task CompleteAsync_InsideAWorker_IsRefused([Values("CompleteAsync", "WhenIdleAsync")] string which)
    {
        TinyTroupe<int, string>? troupe = null;
        troupe = new TinyTroupe<int, string>(
            _ =>
            {
                var task = which == "CompleteAsync" ? troupe!.CompleteAsync() : troupe!.WhenIdleAsync();
                return task.Exception!.InnerException!.GetType().Name;
            },
            Options());
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(nameof(InvalidOperationException)));
        await Within.Time(troupe.CompleteAsync());
    }
}
