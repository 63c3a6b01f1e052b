namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Keys and tasks for every worker, through the deaths of worker processes.</summary>
internal sealed class KeyTests : TroupeFixture
{
    [Test]
    public async Task Keys_OfTasksWhoseProcessesDie_KeepTheirOrderAndTheirWorker()
    {
        const int Keys = 3;
        const int Each = 30;
        var ledger = Ledger();
        await using var troupe = new TinyTroupe<int, int>(
            info => new Notes(ledger, info.Index), new ProcessTroupeOptions { Workers = 2, MaxAttempts = 2, Capacity = Keys * Each });
        var futures = Enumerable.Range(0, Keys * Each).Select(i => troupe.Submit(i, new() { Key = $"{i % Keys}" })).ToArray();
        Assert.That(futures.Select(static future => Within.Time(future)), Is.EqualTo(Enumerable.Range(0, Keys * Each)));
        for (var key = 0; key < Keys; key++)
        {
            var lines = await System.IO.File.ReadAllLinesAsync(Path.Combine(ledger, $"{key}"));
            var inOrder = Enumerable.Range(0, Each).Select(i => $"{(i * Keys) + key}");
            Assert.That(lines.Select(static line => line.Split(' ')[0]), Is.EqualTo(inOrder));
            Assert.That(lines.Select(static line => line.Split(' ')[1]).Distinct().Count(), Is.EqualTo(1));
        }

        Assert.That(troupe.Snapshot().Workers.Sum(static worker => worker.Restarts), Is.Positive);
    }

    [Test]
    public async Task SubmitToEach_WhileAProcessIsBeingReplaced_RunsOnTheOneThatComes()
    {
        await using var troupe = new TinyTroupe<int, int>(
            info => new Dying(info.Index), new ProcessTroupeOptions { Workers = 2 });
        await troupe.WhenReadyAsync();
        var dead = troupe.Submit(-1);
        var futures = troupe.SubmitToEach(7);
        Assert.That(futures.Select(static future => Within.Time(future)), Is.EqualTo([70, 71]));
        await Assert.ThrowsAsync<WorkerCrashedException>(async () => await dead);
    }

    private sealed class Notes(string ledger, int index) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken)
        {
            if (input % 11 == 5)
            {
                var mark = Path.Combine(ledger, $"died of {input}");
                if (!System.IO.File.Exists(mark))
                {
                    System.IO.File.WriteAllText(mark, "");
                    return Deaths.Die(Death.Sigkill);
                }
            }

            System.IO.File.AppendAllText(Path.Combine(ledger, $"{input % 3}"), $"{input} {index}\n");
            return input;
        }
    }

    private sealed class Dying(int index) : TinyWorker<int, int>
    {
        public override int Call(int input, CancellationToken cancellationToken) =>
            input < 0 ? Deaths.Die(Death.Sigkill) : (input * 10) + index;
    }
}
