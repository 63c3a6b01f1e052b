namespace TinyWorker.Chaos;

/// <summary>Takes snapshots all the time. Each must add up, and no count may fall.</summary>
internal static class SnapshotChecks
{
    public static Task Start(Results results, Stage[] stages, CancellationToken end) => Task.Factory.StartNew(
        () =>
        {
            var before = stages.Select(stage => stage.Troupe.Snapshot()).ToArray();
            while (!end.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1)))
            {
                for (var i = 0; i < stages.Length; i++)
                {
                    var now = stages[i].Troupe.Snapshot();
                    if (!IsSound(now, before[i], stages[i]))
                        results.Fail("wrong", $"an impossible snapshot: {now}; the one before it: {before[i]}");
                    before[i] = now;
                    results.Sampled();
                }
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // What passes the bound: a task that waits to run again, one for each worker at the most, because nobody is admitted meanwhile; tasks
    // for every worker; and for a moment a task whose deadline passes while its submitter waits for room.
    private static bool IsSound(TroupeSnapshot now, TroupeSnapshot before, Stage stage) =>
        now.Accepted == now.Waiting + now.Running + now.Succeeded + now.Faulted + now.Canceled
        && now.Waiting >= 0 && now.Waiting <= now.Capacity + stage.MostWorkers + stage.PastTheBound
        && now.Running >= 0 && now.Running <= stage.MostWorkers
        && now.Accepted >= before.Accepted
        && now.Succeeded >= before.Succeeded && now.Faulted >= before.Faulted && now.Canceled >= before.Canceled;
}
