namespace TinyWorker.Chaos;

/// <summary>Kills worker processes from outside, and freezes others for a while.</summary>
internal static class Killer
{
    /// <summary>Kills one of the troupe's workers, if it is a process.</summary>
    public static void KillOne(Figures figures, Stage stage, Random random)
    {
        var workers = stage.Troupe.Snapshot().Workers;
        if (workers[random.Next(workers.Count)].ProcessId is { } victim && Leftovers.Signal(victim, Leftovers.Kill)) figures.Killed();
    }

    public static async Task RunAsync(Figures figures, Stage[] stages, int seed, CancellationToken calm)
    {
        if (OperatingSystem.IsWindows()) return;
        var random = new Random(seed);
        Dictionary<(int, int), long> doneBefore = [];
        var mortals = stages.Where(static stage => stage.Plan.IsMortal).ToArray();
        while (!calm.IsCancellationRequested)
        {
            var stage = mortals[random.Next(mortals.Length)];
            var workers = stage.Troupe.Snapshot().Workers;
            var worker = workers[random.Next(workers.Count)];
            // One that has ended a task since it was killed last: or it would be restarted with ever longer pauses, and nothing else would happen.
            if (worker.ProcessId is { } victim && worker.TasksDone > doneBefore.GetValueOrDefault((stage.Number, worker.Index)))
            {
                doneBefore[(stage.Number, worker.Index)] = worker.TasksDone;
                if (random.Next(8) > 0)
                {
                    if (Leftovers.Signal(victim, Leftovers.Kill)) figures.Killed();
                }
                else if (Leftovers.Signal(victim, Leftovers.Stop))
                {
                    figures.Froze();
                    await PauseAsync(random.Next(1000));
                    Leftovers.Signal(victim, Leftovers.Continue);   // or its orderly end would be waited for, for ever
                }
            }

            await PauseAsync(random.Next(300));
        }

        async Task PauseAsync(int milliseconds) =>
            await Task.Delay(milliseconds, calm).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
