namespace TinyWorker.Chaos;

/// <summary>What is to happen to each parcel at each troupe: the same for the same seed, here and in every worker process.</summary>
internal static class Plan
{
    public static Deed DeedOf(long seed, int troupe, bool isMortal, int journey)
    {
        var chance = Dice(seed, troupe, journey) % 10_000;
        if (Round.IsInWave(journey))
        {
            // Nothing is handed ahead to a worker that has only just been made, or that does not come back.
            return chance switch
            {
                < 50 => Deed.Throw,
                < 55 when isMortal => Deed.Die,
                < 60 when isMortal => Deed.DieOnce,
                _ => Deed.Work,
            };
        }

        return chance switch
        {
            < 150 => Deed.Throw,
            < 160 => Deed.Obey,
            < 175 => Deed.Hang,
            < 215 when isMortal => Deed.Die,
            < 275 when isMortal => Deed.DieOnce,
            _ => Deed.Work,
        };
    }

    /// <summary>How long it spins: mostly nothing, sometimes milliseconds; in waves that is oftener, so that what was handed behind it comes back.</summary>
    public static int SpinsOf(long seed, int troupe, int journey)
    {
        var dice = Dice(~seed, troupe, journey);
        if (Round.IsInWave(journey)) return dice % 50 == 0 ? 100_000 : (int)(dice >> 32) % 100;
        return dice % 100 == 0 ? 200_000 : (int)(dice >> 32) % 300;
    }

    public static long Passed(long value, int troupe) => unchecked((value * 31) + troupe + 1);

    // SplitMix64.
    private static ulong Dice(long seed, int troupe, int journey)
    {
        var x = unchecked((ulong)seed + ((((ulong)(uint)troupe << 32) | (uint)journey) * 0x9E3779B97F4A7C15));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
