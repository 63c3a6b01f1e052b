namespace TinyWorker.Chaos;

/// <summary>Kills worker processes from outside, and stops others for a while.</summary>
internal static class Killer
{
    /// <summary>Kills one worker of the troupe, if the workers are processes.</summary>
    public static void KillOne(Results results, Stage stage, Random random)
    {
        var workers = stage.Troupe.Snapshot().Workers;
        if (workers.Count == 0) return;
        if (workers[random.Next(workers.Count)].ProcessId is { } victim && Leftovers.Signal(victim, Leftovers.Kill)) results.Killed();
    }

    public static async Task RunAsync(Results results, Stage[] stages, int seed, CancellationToken calm)
    {
        if (OperatingSystem.IsWindows()) return;
        var random = new Random(seed);
        Dictionary<(int, int), long> doneBefore = [];
        var processStages = stages.Where(static stage => stage.Plan.RunsInProcess).ToArray();
        while (!calm.IsCancellationRequested)
        {
            var stage = processStages[random.Next(processStages.Length)];
            var workers = stage.Troupe.Snapshot().Workers;
            if (workers.Count == 0)
            {
                await PauseAsync(random.Next(30));
                continue;
            }

            var worker = workers[random.Next(workers.Count)];
            // Kill a worker only if it has ended a task since its last kill. Otherwise the pauses between restarts would grow,
            // and the troupe would do nothing but restart.
            if (worker.ProcessId is { } victim && worker.TasksDone > doneBefore.GetValueOrDefault((stage.Number, worker.Index)))
            {
                doneBefore[(stage.Number, worker.Index)] = worker.TasksDone;
                if (random.Next(8) > 0)
                {
                    if (Leftovers.Signal(victim, Leftovers.Kill)) results.Killed();
                }
                else if (Leftovers.Signal(victim, Leftovers.Stop))
                {
                    results.Froze();
                    await PauseAsync(random.Next(1000));
                    Leftovers.Signal(victim, Leftovers.Continue);   // else the troupe would wait for ever for its orderly end
                }
            }

            await PauseAsync(random.Next(300));
        }

        async Task PauseAsync(int milliseconds) =>
            await Task.Delay(milliseconds, calm).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
