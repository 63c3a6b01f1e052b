using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Observing;

/// <summary>The meter knows the living troupes, and keeps none alive.</summary>
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
            "the collection of a troupe that nobody has");
        Assert.That(telemetry.Read("tinyworker.worker.count", "dropped"), Is.Null);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Drop(Telemetry telemetry)
    {
        var troupe = new TinyTroupe<int, int>(x => x, new PoolTroupeOptions { Name = "dropped", Workers = 2 });
        Within.Time(troupe.Submit(1));
        Within.Until(() => troupe.Snapshot().Workers.All(worker => worker.State == WorkerState.Idle), "its workers to rest");
        Assert.That(telemetry.Read("tinyworker.worker.count", "dropped"), Is.EqualTo(2));
        return new WeakReference(troupe);
    }
}
