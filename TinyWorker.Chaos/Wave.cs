namespace TinyWorker.Chaos;

/// <summary>
/// Many parcels to one troupe at once, and none after them; some are cancelled when it is almost their turn. So a worker process is handed
/// as many ahead as it ever is; and whoever is forgotten, at the gate or on the way back from a process, stays so: nobody comes later who
/// sets them going by chance.
/// </summary>
internal sealed class Wave(Round round, Stage stage, int seed)
{
    private const int Parcels = 500;
    private const int FarthestAhead = 40;

    private readonly Random _random = new(seed);

    public async Task RunAsync()
    {
        Task<Entry?>[] submissions = [.. Enumerable.Range(0, Parcels).Select(_ => TrySubmitAsync())];
        var killsAt = _random.Next(3 * Parcels);
        for (var i = 0; i < Parcels; i++)
        {
            if (i == killsAt) Killer.KillOne(round.Figures, stage, _random);
            if (await submissions[i] is not { } entry) continue;
            await entry.EndAsync();
            var ahead = i + _random.Next(1, _random.Next(2, FarthestAhead));
            if (_random.Next(20) == 0 && ahead < Parcels && submissions[ahead] is { IsCompletedSuccessfully: true, Result: { } next }) next.Cancel();
        }
    }

    private async Task<Entry?> TrySubmitAsync()
    {
        if (!round.TryNextWaveJourney(out var journey)) return null;
        var entry = new Entry(stage, journey, input: null);
        try
        {
            round.Ledger.Add(entry, await stage.Troupe.SubmitAsync(Round.ParcelOf(journey)));
            return entry;
        }
        catch (ObjectDisposedException) when (round.IsEnding)
        {
            return null;
        }
    }
}
