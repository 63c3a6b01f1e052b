namespace TinyWorker.Tests.Schedules;

/// <summary>
/// Any ready thread may be next. Each walk draws once how likely the turn stays with the same thread. If the turn changed at every other
/// point, no thread would get far while another stands still, and some bugs need exactly that.
/// </summary>
internal sealed class RandomWalk : Strategy
{
    private static readonly double[] StayProbabilities = [0.3, 0.7, 0.9];

    private readonly Random _random;
    private readonly double _stayProbability;
    private ScheduledThread? _yielded;

    public RandomWalk(int seed)
    {
        _random = new Random(seed);
        _stayProbability = StayProbabilities[_random.Next(StayProbabilities.Length)];
    }

    public override ScheduledThread Choose(List<ScheduledThread> ready, ScheduledThread current, int step)
    {
        var mayStay = _yielded != current && ready.Contains(current);
        _yielded = null;
        if (mayStay && _random.NextDouble() < _stayProbability) return current;
        return ready[_random.Next(ready.Count)];
    }

    public override void OnYielded(ScheduledThread thread) => _yielded = thread;
}
