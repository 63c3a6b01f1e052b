namespace TinyWorker.Tests.Contract;

// What a task left behind comes back to its worker's thread, and may block it.
public sealed partial class ThreadContract
{
    [Test]
    public async Task Worker_WhoseThreadIsBlockedByWhatATaskLeftRunning_DoesNotKeepTheOthersFromTheirTasks()
    {
        using var gate = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var troupe = LeavesAStray(blocked, gate, new Settings { Workers = 2 });
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        Within.Wait(blocked, "what was left running");
        for (var i = 0; i < 20; i++) Assert.That(Within.Time(troupe.Submit(i)), Is.EqualTo(i));
        gate.Set();
        await End(troupe);
    }

    [Test]
    public async Task Abort_WithAWorkerWhoseThreadIsBlockedByWhatATaskLeftRunning_EndsAfterTheGrace()
    {
        using var gate = new ManualResetEventSlim();
        using var blocked = new ManualResetEventSlim();
        var clock = new ManualClock();
        var troupe = LeavesAStray(blocked, gate, new Settings { Name = "stray", Workers = 2, Clock = clock });
        await Within.Time(troupe.WhenReadyAsync());
        Assert.That(Within.Time(troupe.Submit(-1)), Is.EqualTo(-1));
        Within.Wait(blocked, "what was left running");
        troupe.Abort();
        Within.Until(() => Threads.Of("stray").Length <= 1, "the end of the other thread");
        var ending = End(troupe);
        Assert.That(ending.IsCompleted, Is.False);
        clock.Advance(TimeSpan.FromSeconds(1));
        await ending;
        Assert.That(troupe.Snapshot().Abandoned, Is.EqualTo(1));
        gate.Set();
        Threads.AreGone("stray");
    }

    private TinyTroupe<int, int> LeavesAStray(ManualResetEventSlim blocked, ManualResetEventSlim gate, Settings settings) => new(
        _ => new Straying(() =>
        {
            blocked.Set();
            Within.Wait(gate);
        }),
        Options(settings));

    private sealed class Straying(Action stray) : TinyAsyncWorker<int, int>
    {
        public override ValueTask<int> CallAsync(int input, CancellationToken cancellationToken)
        {
            if (input < 0) _ = GoAstrayAsync();
            return new(input);
        }

        // Comes back to the worker's thread when the task has ended and the worker has lain down.
        private async Task GoAstrayAsync()
        {
            await Task.Yield();
            stray();
        }
    }
}
