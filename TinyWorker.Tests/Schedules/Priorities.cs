namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic guarantees of
/// finding bugs", 2010): every actor has a random priority and the highest goes on, until at a few random steps the one that has the turn
/// falls below all others. A bug that needs d such changes at the right steps is found with a probability of 1 / (actors * steps^d) at
/// least, and most bugs need very few.
/// </summary>
internal sealed class Priorities : Strategy
{
    private readonly Random _random;
    private readonly int[] _changes;   // the steps at which somebody falls
    private int _lowest;

    public Priorities(int seed, int changes, int steps)
    {
        _random = new Random(seed);
        _changes = [.. Enumerable.Range(0, changes).Select(_ => _random.Next(steps))];
    }

    public override void Born(Actor actor) => actor.Priority = _random.Next(1, int.MaxValue);

    public override void Yielded(Actor actor) => actor.Priority = --_lowest;

    public override Actor Choose(List<Actor> ready, Actor current, int step)
    {
        foreach (var change in _changes)
            if (change == step) Yielded(current);
        var highest = ready[0];
        foreach (var actor in ready)
            if (actor.Priority > highest.Priority) highest = actor;
        return highest;
    }
}
