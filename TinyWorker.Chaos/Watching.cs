namespace TinyWorker.Chaos;

/// <summary>Looks at the snapshots all the time: they must balance, and go forward only.</summary>
internal static class Watching
{
    public static Task Start(Figures figures, Stage[] stages, CancellationToken end) => Task.Factory.StartNew(
        () =>
        {
            var before = stages.Select(stage => stage.Troupe.Snapshot()).ToArray();
            while (!end.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(1)))
            {
                for (var i = 0; i < stages.Length; i++)
                {
                    var now = stages[i].Troupe.Snapshot();
                    if (!IsSound(now, before[i], stages[i].Troupe.Workers)) figures.Fail("wrong", $"a snapshot that cannot be: {now}; before it {before[i]}");
                    before[i] = now;
                    figures.Sampled();
                }
            }
        },
        CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static bool IsSound(TroupeSnapshot now, TroupeSnapshot before, int workers) =>
        now.Accepted == now.Waiting + now.Running + now.Succeeded + now.Faulted + now.Canceled
        && now.Waiting >= 0 && now.Waiting <= now.Capacity && now.Running >= 0 && now.Running <= workers
        && now.Accepted >= before.Accepted && now.Succeeded >= before.Succeeded && now.Faulted >= before.Faulted && now.Canceled >= before.Canceled;
}
