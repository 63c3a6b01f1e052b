namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>What an operator does to worker processes.</summary>
internal sealed class OperatingTests : TroupeFixture
{
    [Test]
    public async Task RecycleWorker_OfProcesses_PutsAnotherProcessInItsPlace()
    {
        await using var troupe = new TinyTroupe<int, int>(
            static x => x < 0 ? Environment.ProcessId : x, new ProcessTroupeOptions { Workers = 2, Capacity = 4096 });
        await troupe.WhenReadyAsync();
        var before = Processes();
        Assert.That(((ITroupeControl)troupe).RecycleWorker(0), Is.True);
        Within.Until(() => troupe.Snapshot().Workers[0] is { Restarts: 1, State: WorkerState.Idle }, "another process");
        Assert.That(Processes()[0], Is.Not.EqualTo(before[0]));
        Assert.That(Processes()[1], Is.EqualTo(before[1]));
        Within.Until(() => !ProcessTable.IsAlive(before[0]!.Value), "the end of the process");

        var futures = Enumerable.Range(0, 2_000).Select(i => troupe.Submit(i)).ToArray();
        Assert.That((((ITroupeControl)troupe).RecycleWorker(0), ((ITroupeControl)troupe).RecycleWorker(1)), Is.EqualTo((true, true)));
        Assert.That(futures.Select(static future => Within.Time(future)), Is.EqualTo(Enumerable.Range(0, 2_000)));
        Within.Until(
            () => troupe.Snapshot().Workers.Select(static worker => (worker.Restarts, worker.State))
                .SequenceEqual([(2, WorkerState.Idle), (1, WorkerState.Idle)]),
            "the others");

        int?[] Processes() => [.. troupe.Snapshot().Workers.Select(static worker => worker.ProcessId)];
    }

    [Test]
    public async Task Cancel_OfTheTaskThatRunsLongestInAProcess_StopsIt()
    {
        await using var troupe = new TinyTroupe<int, int>(
            static (x, token) => token.WaitHandle.WaitOne(TimeSpan.FromSeconds(30)) ? throw new OperationCanceledException(token) : x,
            new ProcessTroupeOptions { Workers = 1 });
        using var watch = troupe.Watch();
        var task = troupe.Submit(1);
        RunningTask? seen = null;
        Within.Until(() => (seen = watch.Read().LongestRunning) is not null, "the task to be seen twice");
        Assert.That(((ITroupeControl)troupe).Cancel(seen!), Is.True);
        Within.Until(() => task.IsCompleted, "its end");
        Assert.That(task.Status, Is.EqualTo(TinyFutureStatus.Canceled));
        Assert.That(((ITroupeControl)troupe).Cancel(seen!), Is.False);
    }
}
