using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Observing;

/// <summary>The meter reads the living troupes, users can list them, and nothing of it keeps a troupe alive.</summary>
[NonParallelizable]   // listeners, and the garbage collector
internal sealed class LivingTests
{
    [Test]
    public void Troupe_ThatWasDropped_IsCollectedAndToldNoMore()
    {
        using var telemetry = new Telemetry();
        var dropped = Drop(telemetry);
        Within.Until(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !dropped.IsAlive;
            },
            "the collection of a troupe that nobody holds");
        Within.Until(() => telemetry.Read("tinyworker.worker.count", "dropped") is null, "the end of its workers");
    }

    [Test]
    public void Living_OfTroupesThatComeAndGo_HasThemInTheOrderOfTheirMaking()
    {
        Assert.That(Mine(), Is.Empty);
        var first = new TinyTroupe<int, int>(x => x, new ThreadTroupeOptions { Name = "living", Workers = 1 });
        using var second = new TinyTroupe<string, bool>(_ => true, new InlineTroupeOptions { Name = "living", Workers = 1 });
        using var third = new TinyTroupe<int, int>(async x => await Task.FromResult(x), new() { Name = "living", Workers = 1 });
        Assert.That(Mine(), Is.EqualTo(new ITroupe[] { first, second, third }));

        Within.Time(first.Dispose);
        second.Abort();
        Within.Until(() => second.Snapshot().Workers[0].State == WorkerState.Stopped, "the end of its worker");
        Within.Until(() => Mine().SequenceEqual([third]), "the ends");
        Assert.That(((ITroupe)third).Snapshot().Name, Is.EqualTo("living"));
        Assert.That(third.Explain().Snapshot.Name, Is.EqualTo(Mine()[0].Name));

        static ITroupe[] Mine() => [.. TinyTroupes.Living.Where(troupe => troupe.Name == "living")];
    }

    [Test]
    public void Living_DuringTheDrainOfATroupe_StillHasIt()
    {
        using var gate = new ManualResetEventSlim();
        var troupe = new TinyTroupe<int, int>(
            x =>
            {
                Within.Wait(gate);
                return x;
            },
            new ThreadTroupeOptions { Name = "drains", Workers = 1 });
        var task = troupe.Submit(1);
        var stop = troupe.StopAsync(CancellationToken.None);
        Assert.That(TinyTroupes.Living, Does.Contain(troupe));
        gate.Set();
        Within.Until(() => stop.IsCompleted, "the drain");
        Assert.That(TinyTroupes.Living, Does.Not.Contain(troupe));
        Assert.That(task.Result(), Is.EqualTo(1));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop(Telemetry telemetry)
    {
        var troupe = new TinyTroupe<int, int>(x => x, new PoolTroupeOptions { Name = "dropped", Workers = 2 });
        Within.Time(troupe.Submit(1));
        Within.Until(() => troupe.Snapshot().Workers.All(worker => worker.State == WorkerState.Idle), "its workers to be idle");
        Assert.That(telemetry.Read("tinyworker.worker.count", "dropped"), Is.EqualTo(2));
        return new WeakReference(troupe);
    }
}
