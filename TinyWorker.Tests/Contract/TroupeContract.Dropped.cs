using System.Runtime.CompilerServices;

namespace TinyWorker.Tests.Contract;

// A troupe that nobody holds any more, and that nobody has disposed.
public abstract partial class TroupeContract
{
    private const int Dropped = 26;   // the log event

    [Test]
    public void Troupe_ThatWasDropped_RunsWhatItHasAcceptedDisposesItsWorkersAndWarnsOnce()
    {
        using var loggers = new FakeLoggers();
        var input = new TinyFutureSource<int>();
        var dropped = Drop(loggers, input.Future, out var chained);
        Within.Until(() => Collect(() => !dropped.IsAlive && loggers.CountOf(Dropped) == 1), "the warning");
        Assert.That(chained.Status, Is.EqualTo(TinyFutureStatus.Pending), "a task that waits for its input is not lost");

        input.TrySetResult(5);
        Assert.That(Within.Time(chained), Is.EqualTo(6));
        AreGone("dropped");
        Assert.That(Collect(() => loggers.CountOf(Dropped)), Is.EqualTo(1));
    }

    [Test]
    public void Troupe_ThatWasDroppedWhileSomebodyWaitsForRoom_ServesThemFirst()
    {
        using var loggers = new FakeLoggers();
        var input = new TinyFutureSource<int>();
        var waits = DropWhileSomebodyWaits(loggers, input.Future);
        for (var i = 0; i < 3; i++) Assert.That(Collect(() => loggers.CountOf(Dropped)), Is.Zero);
        Assert.That(waits.IsCompleted, Is.False);

        input.TrySetResult(1);
        Within.Until(() => waits.IsCompleted, "the room");
        Assert.That(Within.Time(waits.Result), Is.EqualTo(8));
        Within.Until(() => Collect(() => loggers.CountOf(Dropped) == 1), "the warning");
        AreGone("dropped");
    }

    [Test]
    public async Task Troupe_ThatWasDisposed_IsNotWarnedOf()
    {
        using var loggers = new FakeLoggers();
        await DisposeAsync(loggers);
        for (var i = 0; i < 3; i++) Assert.That(Collect(() => loggers.CountOf(Dropped)), Is.Zero);
    }

    [Test]
    public void ParallelMap_WhoseIteratorWasDropped_EndsItsTroupe()
    {
        using var loggers = new FakeLoggers();
        TakeOne(loggers);
        Within.Until(() => Collect(() => loggers.CountOf(Dropped) == 1), "the warning");
        AreGone("dropped");
    }

    private static T Collect<T>(Func<T> look)
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return look();
    }

    private static void AreGone(string name)
    {
        Within.Until(() => TinyTroupes.Living.All(troupe => troupe.Name != name), "the end of the troupe");
        Threads.AreGone(name);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference Drop(FakeLoggers loggers, TinyFuture<int> input, out TinyFuture<int> chained)
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Name = "dropped", Workers = 2, Loggers = loggers }));
        Within.Until(() => troupe.WhenReadyAsync().IsCompleted, "its start");
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
        chained = troupe.Submit(input);
        return new WeakReference(troupe);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Task<TinyFuture<int>> DropWhileSomebodyWaits(FakeLoggers loggers, TinyFuture<int> input)
    {
        var troupe = new TinyTroupe<int, int>(
            x => x + 1, Options(new Settings { Name = "dropped", Capacity = 1, Loggers = loggers }));
        Within.Until(() => troupe.WhenReadyAsync().IsCompleted, "its start");
        _ = troupe.Submit(input);
        return troupe.SubmitAsync(7).AsTask();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task DisposeAsync(FakeLoggers loggers)
    {
        var troupe = new TinyTroupe<int, int>(x => x + 1, Options(new Settings { Name = "dropped", Loggers = loggers }));
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(2));
        await End(troupe);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TakeOne(FakeLoggers loggers)
    {
        var options = Options(new Settings { Name = "dropped", Workers = 2, Loggers = loggers });
        var dropped = Enumerable.Range(0, 1000).ParallelMap(x => x + 1, options).GetEnumerator();
        Within.Time(() => Assert.That(dropped.MoveNext(), Is.True));
        Assert.That(dropped.Current, Is.EqualTo(1));
    }
}
