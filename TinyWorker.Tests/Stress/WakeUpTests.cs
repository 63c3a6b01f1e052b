namespace TinyWorker.Tests.Stress;

/// <summary>A wake-up never depends on what the thread that wakes does next.</summary>
[NonParallelizable]   // the shared pool
internal sealed class WakeUpTests
{
    [Test]
    public void Submit_OnAThreadOfABusyPoolThatThenComputes_IsServedByAnIdleWorker()
    {
        using var troupe = new TinyTroupe<int, int>(x => x, new PoolTroupeOptions { Workers = 4 });
        Within.Time(() => troupe.Submit(0).Result());
        using var pool = new BusyPool();

        Within.Time(() => OnAThreadOfThePool(() =>
        {
            var future = troupe.Submit(1);
            return ComputesUntil(() => future.IsCompleted);
        }));
    }

    [Test]
    public void Await_OfATaskWhoseWorkerThenComputes_GoesOn([Values] bool asTask)
    {
        var wasAwaited = false;
        using var troupe = new TinyTroupe<int, bool>(
            x => x == 0 || ComputesUntil(() => Volatile.Read(ref wasAwaited)), new PoolTroupeOptions { Workers = 1 });
        using var pool = new BusyPool();
        var input = new TinyFutureSource<int>();
        var first = troupe.Submit(input.Future);
        var awaited = asTask ? AwaitTaskAsync(first.AsTask()) : AwaitAsync(first);
        var second = troupe.Submit(input.Future.Then(x => x + 1));
        input.TrySetResult(0);
        Within.Time(() => Assert.That(second.Result(), Is.True));
        Within.Time(() => awaited.GetAwaiter().GetResult());

        async Task AwaitAsync(TinyFuture<bool> future)
        {
            await future.ConfigureAwait(false);
            Volatile.Write(ref wasAwaited, true);
        }

        async Task AwaitTaskAsync(Task<bool> task)
        {
            await task.ConfigureAwait(false);
            Volatile.Write(ref wasAwaited, true);
        }
    }

    private static bool OnAThreadOfThePool(Func<bool> step) => Task.Run(step).GetAwaiter().GetResult();

    private static bool ComputesUntil(Func<bool> condition)
    {
        var end = DateTime.UtcNow + (Within.Deadline / 2);
        while (!condition())
        {
            if (DateTime.UtcNow > end) return false;
            Thread.SpinWait(100);
        }

        return true;
    }
}
