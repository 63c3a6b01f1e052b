using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Tests.Contract;

// Code that a task left running continues on the thread of its worker, and may block it.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Worker_WhoseThreadIsBlockedByCodeThatATaskLeftRunning_DoesNotStopTheOthers()
    {
        using var gate = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var troupe = MakeTroupe(blocked, gate, new Settings { Workers = 2 });
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        Within.Wait(blocked, "the code that was left running");
        for (var i = 0; i < 20; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        gate.Set();
        await End(troupe);
    }

    [Test]
    public async Task Abort_OfAWorkerWhoseThreadIsBlockedByCodeThatATaskLeftRunning_EndsAfterTheGrace()
    {
        using var gate = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        var troupe = MakeTroupe(blocked, gate, new Settings { Name = "left", Workers = 2, Clock = clock });
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        Within.Wait(blocked, "the code that was left running");
        troupe.Abort();
        Within.Until(() => Threads.Of("left").Length <= 1, "the end of the other thread");
        var ending = End(troupe);
        Assert.That(ending.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));
        await ending;
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(1));
        gate.Set();
        Threads.AreGone("left");
    }

    // The code that the task left running completes the source that the task awaits, on the thread of the worker. Then it blocks.
    [Test]
    public async Task Abort_OfAWorkerWhoseLoopRunsInsideCodeThatATaskLeftRunning_EndsAfterTheGrace()
    {
        using var gate = new ManualResetEventSlim();
        using var going = new ManualResetEventSlim();
        var clock = new FakeTimeProvider();
        var troupe = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                var done = new TaskCompletionSource();
                _ = LeaveCodeRunningAsync(done, token);
                going.Set();
                await done.Task;   // continues inside SetResult, whose caller blocks afterwards
                return x;
            },
            Options(new Settings { Clock = clock }));
        var future = troupe.Submit(1);
        Within.Wait(going, "the start");
        troupe.Abort();
        WaitForEnd(future);
        var ending = End(troupe);
        Within.Until(
            () =>
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                return ending.IsCompleted;
            },
            "the end");
        await ending;
        Assert.That((future.Status, troupe.Snapshot().Abandoned), Is.EqualTo((TinyFutureStatus.Succeeded, 1)));
        gate.Set();

        async Task LeaveCodeRunningAsync(TaskCompletionSource done, CancellationToken token)
        {
            var cancelled = new TaskCompletionSource();
            await using var registration = token.Register(() => cancelled.TrySetResult());
            await cancelled.Task;
            done.SetResult();
            Within.Wait(gate);
        }
    }

    private TinyTroupe<int, int> MakeTroupe(ManualResetEventSlim blocked, ManualResetEventSlim gate, Settings settings) => new(
        _ => new LeavesCodeRunning(() =>
        {
            blocked.Set();
            Within.Wait(gate);
        }),
        Options(settings));

    private sealed class LeavesCodeRunning(Action run) : TinyAsyncWorker<int, int>
    {
        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            if (input < 0) _ = RunLaterAsync();
            return new(input);
        }

        // Continues on the thread of the worker when the task has ended and the worker is parked.
        private async Task RunLaterAsync()
        {
            await Task.Yield();
            run();
        }
    }
}
