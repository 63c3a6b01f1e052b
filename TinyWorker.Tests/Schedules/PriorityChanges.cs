namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic guarantees of
/// finding bugs", 2010). Every thread has a random priority, and the highest goes on. At a few random steps the thread that has the turn
/// falls below all others. A bug that needs d such changes at the right steps is found with a probability of at least
/// 1 / (threads * steps^d), and most bugs need very few.
/// </summary>
internal sealed class PriorityChanges : Strategy
{
    private readonly Random _random;
    private readonly int[] _changes;   // the steps at which the current thread falls
    private int _lowest;

    public PriorityChanges(int seed, int changes, int steps)
    {
        _random = new Random(seed);
        _changes = [.. Enumerable.Range(0, changes).Select(_ => _random.Next(steps))];
    }

    public override void OnAdded(ScheduledThread thread) => thread.Priority = _random.Next(1, int.MaxValue);

    public override void OnYielded(ScheduledThread thread) => thread.Priority = --_lowest;

    public override ScheduledThread Choose(List<ScheduledThread> ready, ScheduledThread current, int step)
    {
        foreach (var change in _changes)
            if (change == step) OnYielded(current);
        var highest = ready[0];
        foreach (var thread in ready)
            if (thread.Priority > highest.Priority) highest = thread;
        return highest;
    }
}
