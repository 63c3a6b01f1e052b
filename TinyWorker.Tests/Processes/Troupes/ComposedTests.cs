namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>Troupes of worker processes in a row, and in batches.</summary>
internal sealed class ComposedTests : TroupeFixture
{
    private const int Killer = 5;

    [Test]
    public async Task Batch_WithAnItemThatKillsItsWorker_LosesThatItemAlone()
    {
        await using var inner = new TinyTroupe<int[], int[]>(Batch, new ProcessTroupeOptions { Workers = 2 });
        var troupe = inner.Batched(new() { IsolateFaults = true });
        var outcomes = new List<TinyOutcome<int, int>>();
        await foreach (var outcome in troupe.MapOutcomesAsync(Enumerable.Range(0, 40))) outcomes.Add(outcome);
        Assert.That(outcomes[Killer].Exception, Is.InstanceOf<WorkerCrashedException>());
        outcomes.RemoveAt(Killer);
        var others = Enumerable.Range(0, 40).Where(x => x != Killer);
        Assert.That(outcomes.Select(outcome => outcome.Value), Is.EqualTo(others.Select(x => x * 2)));
    }

    [Test]
    public async Task Pipeline_OfProcesses_GivesTheResultsOfBoth()
    {
        await using var first = new TinyTroupe<int, int>(x => x + 1, new ProcessTroupeOptions { Workers = 1 });
        await using var second = new TinyTroupe<int[], int[]>(Batch, new ProcessTroupeOptions { Workers = 1 });
        var results = new List<int>();
        await foreach (var result in first.Into(second.Batched()).MapAsync(Enumerable.Range(10, 200))) results.Add(result);
        Assert.That(results, Is.EqualTo(Enumerable.Range(11, 200).Select(x => x * 2)));
    }

    private static int[] Batch(int[] items)
    {
        if (items.Contains(Killer)) Deaths.Die(Death.Exit);
        return Array.ConvertAll(items, x => x * 2);
    }
}
