namespace TinyWorker.Dashboard.Sampling;

/// <summary>How many tasks of a troupe ended a second, lately and over the last minutes. Not thread-safe.</summary>
/// <param name="interval">How often it is told, while somebody looks.</param>
/// <param name="clock">What tells time.</param>
internal sealed class Throughput(TimeSpan interval, TimeProvider clock)
{
    private const int LeastPoints = 60;
    private const int MostPoints = 240;
    private static readonly TimeSpan Lately = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Covered = TimeSpan.FromMinutes(3);

    private readonly int _mostPoints = Math.Clamp((int)(Covered / interval), LeastPoints, MostPoints);
    private readonly Queue<(long At, long Ended)> _looks = [];   // those of the last seconds, and the one before
    private readonly Queue<double> _history = [];
    private (long At, long Ended)? _point;                       // when the last figure of the history was added

    public IReadOnlyList<double> History => [.. _history];

    /// <summary>Tasks that ended a second, since a look some seconds ago; null at the first look.</summary>
    public double? Add(long at, long ended)
    {
        while (_looks.Count > 1 && clock.GetElapsedTime(_looks.ElementAt(1).At, at) >= Lately) _looks.Dequeue();
        double? rate = _looks.TryPeek(out var before) ? Rate(before, (at, ended)) : null;
        _looks.Enqueue((at, ended));
        return rate;
    }

    /// <summary>Adds a figure to the history; if nobody looked for a while, as many as that took, which are the mean.</summary>
    public void AddPoint(long at, long ended)
    {
        var now = (at, ended);
        if (_point is { } before && Rate(before, now) is { } rate)
        {
            var missed = Math.Round(clock.GetElapsedTime(before.At, at) / interval);
            for (var i = Math.Clamp(missed, 1, _mostPoints); i > 0; i--)
            {
                if (_history.Count == _mostPoints) _history.Dequeue();
                _history.Enqueue(rate);
            }
        }

        _point = now;
    }

    // Three digits are enough.
    private double? Rate((long At, long Ended) from, (long At, long Ended) to)
    {
        var seconds = clock.GetElapsedTime(from.At, to.At).TotalSeconds;
        if (!(seconds > 0)) return null;
        var rate = Math.Max(0, to.Ended - from.Ended) / seconds;
        return Math.Round(rate, rate < 10 ? 2 : rate < 100 ? 1 : 0);
    }
}
