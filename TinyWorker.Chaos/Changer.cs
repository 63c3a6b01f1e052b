namespace TinyWorker.Chaos;

/// <summary>Pauses, resumes and resizes one troupe while it is under load, and has workers of it replaced.</summary>
internal static class Changer
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(Round round, Stage stage, RunCounts runs, int seed, CancellationToken calm)
    {
        var random = new Random(seed);
        while (!calm.IsCancellationRequested)
        {
            await PauseAsync(TimeSpan.FromMilliseconds(random.Next(1000)), calm);
            if (stage.Plan.IsResized && random.Next(2) == 0)
            {
                stage.Troupe.Resize(random.Next(Math.Max(1, stage.MinWorkers), stage.MostWorkers + 1));
                round.Results.Resized();
            }
            else if (random.Next(2) == 0)
            {
                if (((ITroupeControl)stage.Troupe).RecycleWorker(random.Next(stage.MostWorkers))) round.Results.Recycled();
            }
            else if (random.Next(3) > 0)
            {
                await PauseTroupeAsync(round, stage, runs, random, calm);
            }
        }

        stage.Troupe.Resume();
    }

    private static async Task PauseTroupeAsync(Round round, Stage stage, RunCounts runs, Random random, CancellationToken calm)
    {
        stage.Troupe.Pause();
        var mayCheck = await HasComeToRestAsync(stage, random, calm);
        var begun = runs.BegunBy(stage.Number);
        await PauseAsync(TimeSpan.FromMilliseconds(random.Next(50)), calm);
        var begunSince = runs.BegunBy(stage.Number) - begun;
        // Whoever ends the troupe overrules the pause, and says so before.
        mayCheck &= !round.IsEnding && stage.Troupe.IsPaused;
        if (mayCheck && begunSince > 0) round.Results.Fail("wrong", $"{begunSince} tasks began while {stage.Troupe} was paused");
        round.Results.Paused(mayCheck);
        if (random.Next(20) > 0) stage.Troupe.Resume();   // else the next one resumes it, or the end of the troupe overrules the pause
    }

    // What was running ends, or is abandoned. A process may go on with tasks that it was sent before the pause, so nothing must run there for
    // a while. A task that was abandoned before its code was called is begun later: such a pause cannot be checked.
    private static async Task<bool> HasComeToRestAsync(Stage stage, Random random, CancellationToken calm)
    {
        var abandoned = stage.Troupe.Snapshot().Abandoned;
        var enough = stage.Plan.RunsInProcess ? 20 : 1;
        var quiet = 0;
        for (var look = random.Next(5, 50); look > 0 && quiet < enough; look--)
        {
            await PauseAsync(BetweenLooks, calm);
            quiet = stage.Troupe.Snapshot().Running == 0 ? quiet + 1 : 0;
            if (calm.IsCancellationRequested) return false;
        }

        return quiet == enough && stage.Troupe.Snapshot().Abandoned == abandoned;
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken calm) =>
        await Task.Delay(pause, calm).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
