namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Anybody may be next. How readily the turn changes is drawn once for each walk: where it changes at every other point, no thread gets far
/// while another stands still, and some bugs need just that.
/// </summary>
internal sealed class RandomWalk : Strategy
{
    private static readonly double[] Loyalties = [0.3, 0.7, 0.9];

    private readonly Random _random;
    private readonly double _loyalty;   // how likely the turn stays where it is
    private Actor? _yielded;

    public RandomWalk(int seed)
    {
        _random = new Random(seed);
        _loyalty = Loyalties[_random.Next(Loyalties.Length)];
    }

    public override Actor Choose(List<Actor> ready, Actor current, int step)
    {
        var mayStay = _yielded != current && ready.Contains(current);
        _yielded = null;
        if (mayStay && _random.NextDouble() < _loyalty) return current;
        return ready[_random.Next(ready.Count)];
    }

    public override void Yielded(Actor actor) => _yielded = actor;
}
