namespace TinyWorker.Dashboard.Sampling;

/// <summary>What to do about a condition, in one short sentence.</summary>
internal static class Sentences
{
    public static string Of(TroupeCondition condition) => condition switch
    {
        TroupeCondition.Starting => "Its workers are being made.",
        TroupeCondition.Idle => "It has nothing to do, and nothing is wrong.",
        TroupeCondition.Starved => "Its workers are faster than what submits to it. If that is too slow, submit more at a time.",
        TroupeCondition.WaitingForInput => "Every task waits for its input: what is slow comes before this troupe.",
        TroupeCondition.HeldByWindow => "A slow task holds up a map: a larger Window or Ordered = false would help.",
        TroupeCondition.HeldByConsumer => "The consumer of a map is slower than the workers: do less between two results.",
        TroupeCondition.Busy => "It keeps up. There is nothing to change.",
        TroupeCondition.Saturated => "More comes than its workers can do: more workers would help if processors are free.",
        TroupeCondition.Hung => "Tasks did not stop when asked: look at the token in their code, or use worker processes.",
        TroupeCondition.Paused => "It is paused: no other task starts until it is resumed.",
        TroupeCondition.Degraded => "Some workers could not be replaced: see why, in the log too. It tries again.",
        TroupeCondition.Down => "It has no worker, and every task faults: see why, in the log too. It tries again.",
        TroupeCondition.Broken => "No worker could be made, and every task faults: see why, in the log too, and start again.",
        _ => "It is stopped and takes no more tasks.",
    };

    /// <summary>Whether a condition says that something is wrong.</summary>
    public static bool IsBad(TroupeCondition condition) => condition
        is TroupeCondition.Broken or TroupeCondition.Down or TroupeCondition.Hung or TroupeCondition.Degraded or TroupeCondition.Saturated;

    /// <summary>Whether a condition does not flicker from look to look: that it came, or has gone, is shown at once.</summary>
    public static bool IsLasting(TroupeCondition condition) => condition
        is TroupeCondition.Broken or TroupeCondition.Down or TroupeCondition.Hung or TroupeCondition.Degraded
        or TroupeCondition.Paused or TroupeCondition.Stopped or TroupeCondition.Starting;
}
