namespace TinyWorker.Tests.Schedules;

/// <summary>Decides which thread goes on. The decisions depend only on the seed and on the calls made so far.</summary>
internal abstract class Strategy
{
    /// <summary>The strategy of a seed: even seeds are random walks, odd seeds change priorities one, two or three times.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="steps">About how many steps the program takes.</param>
    public static Strategy Of(int seed, int steps) =>
        seed % 2 == 0 ? new RandomWalk(seed) : new PriorityChanges(seed, changes: 1 + seed / 2 % 3, steps);

    /// <param name="ready">The threads that can go on; at least one.</param>
    /// <param name="current">The thread that had the turn. It may not be ready.</param>
    /// <param name="step">The number of steps so far.</param>
    public abstract ScheduledThread Choose(List<ScheduledThread> ready, ScheduledThread current, int step);

    /// <summary>A thread was added to the schedule.</summary>
    public virtual void OnAdded(ScheduledThread thread)
    {
    }

    /// <summary>The thread polls for something that only another thread can do.</summary>
    public virtual void OnYielded(ScheduledThread thread)
    {
    }
}
