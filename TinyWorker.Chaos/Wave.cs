namespace TinyWorker.Chaos;

/// <summary>
/// Many tasks to one troupe at once, and none after them. Some are cancelled shortly before their turn. A worker process gets as many tasks
/// prefetched as it can get. If the troupe forgets a task or a submitter, no later task sets it going by chance: the round hangs and fails.
/// </summary>
internal sealed class Wave(Round round, Stage stage, int seed)
{
    private const int FarthestAhead = 40;

    private readonly Random _random = new(seed);

    public async Task RunAsync()
    {
        Task<Entry?>[] submissions = [.. Enumerable.Range(0, Round.WaveSize).Select(_ => TrySubmitAsync())];
        var killsAt = _random.Next(3 * Round.WaveSize);
        for (var i = 0; i < Round.WaveSize; i++)
        {
            if (i == killsAt) Killer.KillOne(round.Results, stage, _random);
            if (await submissions[i] is not { } entry) continue;
            await entry.EndAsync();
            var ahead = i + _random.Next(1, _random.Next(2, FarthestAhead));
            if (_random.Next(20) > 0 || ahead >= Round.WaveSize) continue;
            if (submissions[ahead] is { IsCompletedSuccessfully: true, Result: { } next }) next.Cancel();
        }
    }

    private async Task<Entry?> TrySubmitAsync()
    {
        if (!round.TryNextWaveId(out var id)) return null;
        var entry = new Entry(stage, id, input: null);
        try
        {
            // All calls come from one thread, so they are accepted in their order.
            var options = new SubmitOptions { Key = stage.OrderInKey(entry) };
            round.Ledger.Add(entry, await stage.Troupe.SubmitAsync(Round.PayloadOf(id), options));
            return entry;
        }
        catch (ObjectDisposedException) when (round.IsEnding)
        {
            return null;
        }
    }
}
