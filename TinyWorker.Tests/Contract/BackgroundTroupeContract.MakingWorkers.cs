using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// When workers are made: at the same time, all of them before the troupe is ready, and none when no task is left for it.
public abstract partial class BackgroundTroupeContract
{
    [Test]
    public async Task Workers_OfATroupe_AreMadeAtTheSameTime()
    {
        using var everyone = new Barrier(2);
        var troupe = new TinyTroupe<int, int>(
            _ => everyone.SignalAndWait(Within.Deadline)
                ? new FunctionWorker(x => x)
                : throw new AssertionException("one worker was made after the other"),
            Options(new Settings { Workers = 2 }));
        await Within.Time(troupe.WhenReadyAsync(), "both workers");
        await End(troupe);
    }

    [Test]
    public async Task WhenReadyAsync_WithAWorkerReplacedBeforeAnotherIsMade_WaitsForThatOther()
    {
        using var hung = new ManualResetEventSlim();
        using var begun = new ManualResetEventSlim();
        using var slow = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        var troupe = new TinyTroupe<int, int>(
            info =>
            {
                if (info.Index == 1) Within.Wait(slow);
                return new FunctionWorker(x => x == 0 ? Begin(begun, hung, x) : x);
            },
            Options(new Settings { Workers = 2, Clock = clock }));
        var future = troupe.Submit(0);
        Within.Wait(begun, "the start");
        future.Cancel();
        clock.Advance(TimeSpan.FromSeconds(1));
        WaitForEnd(future);
        Assert.That(Within.Time(troupe.Submit(1)), Is.EqualTo(1), "the replacement runs tasks");
        var ready = troupe.WhenReadyAsync();
        Assert.That(ready.IsCompleted, Is.False);
        slow.Set();
        await Within.Time(ready, "readiness");
        hung.Set();
        await End(troupe);
    }

    [Test]
    public async Task Worker_DueForReplacementWhenNothingIsLeftToDo_IsNotReplaced()
    {
        using var gate = new ManualResetEventSlim();
        var made = 0;
        var disposed = 0;
        var troupe = new TinyTroupe<int, int>(
            _ =>
            {
                Interlocked.Increment(ref made);
                return new FunctionWorker(x => Pass(gate, x), () => Interlocked.Increment(ref disposed));
            },
            Options(new Settings { MaxTasksPerWorker = 1 }));
        var future = troupe.Submit(1);
        Within.Until(() => future.Status == TinyFutureStatus.Running, "the start");
        var ending = End(troupe);
        gate.Set();
        await ending;
        Assert.That(Within.Time(future), Is.EqualTo(1));
        Assert.That((made, disposed), Is.EqualTo((1, 1)));
    }
}
