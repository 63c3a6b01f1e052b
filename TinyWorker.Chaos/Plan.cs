namespace TinyWorker.Chaos;

/// <summary>What each troupe does with each payload. A seed gives the same plan in this process and in every worker process.</summary>
internal static class Plan
{
    public static Behaviour BehaviourOf(long seed, int troupe, bool runsInProcess, int id)
    {
        var chance = Dice(seed, troupe, id) % 10_000;
        if (Round.IsInWave(id))
        {
            // The troupe prefetches nothing to a new worker, nor to one that hangs, so a wave has few crashes and no hangs.
            return chance switch
            {
                < 50 => Behaviour.Throw,
                < 55 when runsInProcess => Behaviour.Crash,
                < 60 when runsInProcess => Behaviour.CrashOnce,
                _ => Behaviour.Work,
            };
        }

        return chance switch
        {
            < 150 => Behaviour.Throw,
            < 160 => Behaviour.RunUntilCancelled,
            < 175 => Behaviour.Hang,
            < 215 when runsInProcess => Behaviour.Crash,
            < 275 when runsInProcess => Behaviour.CrashOnce,
            _ => Behaviour.Work,
        };
    }

    /// <summary>How many keys a troupe's tasks have.</summary>
    public const int Keys = 6;

    /// <summary>The key of a task; -1 for none. Every second wave has none: a process is sent no task ahead while it has one with a
    /// key.</summary>
    public static int KeyOf(long seed, int troupe, int id)
    {
        if (Round.IsInWave(id) && id / Round.WaveSize % 2 == 0) return -1;
        var dice = Dice(seed ^ 0x5EED, troupe, id);
        return dice % 8 == 0 ? (int)((dice >> 32) % Keys) : -1;
    }

    /// <summary>
    /// How long a task spins: mostly not at all, sometimes for milliseconds. In a wave that is more frequent, so that the tasks prefetched
    /// behind a slow one come back.
    /// </summary>
    public static int SpinsOf(long seed, int troupe, int id)
    {
        var dice = Dice(~seed, troupe, id);
        if (Round.IsInWave(id)) return dice % 50 == 0 ? 100_000 : (int)(dice >> 32) % 100;
        return dice % 100 == 0 ? 200_000 : (int)(dice >> 32) % 300;
    }

    public static long Transformed(long value, int troupe) => unchecked((value * 31) + troupe + 1);

    // SplitMix64.
    private static ulong Dice(long seed, int troupe, int id)
    {
        var x = unchecked((ulong)seed + ((((ulong)(uint)troupe << 32) | (uint)id) * 0x9E3779B97F4A7C15));
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
