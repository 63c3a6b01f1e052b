namespace TinyWorker.Display;

/// <summary>Items per second: recent while a map runs, overall when it has ended.</summary>
internal sealed class SpeedMeter
{
    // In seconds. A measurement of this age counts for 1/e, about a third.
    private const double Memory = 5;

    private long _completed;     // the last measurement
    private TimeSpan _elapsed;
    private double _items;       // the recent items; older ones count less
    private double _seconds;     // the recent time, with the same weights

    /// <summary>Null while there is too little to compute it from.</summary>
    public double? Recent => _items > 0 && _seconds > 0 ? _items / _seconds : null;

    /// <summary>Completed items divided by the time since the map began.</summary>
    public double? Overall => _completed > 0 && _elapsed > TimeSpan.Zero ? _completed / _elapsed.TotalSeconds : null;

    public void Add(long completed, TimeSpan elapsed)
    {
        var seconds = (elapsed - _elapsed).TotalSeconds;
        if (seconds <= 0) return;
        var fade = Math.Exp(-seconds / Memory);
        _items = (_items * fade) + (completed - _completed);
        _seconds = (_seconds * fade) + seconds;
        _completed = completed;
        _elapsed = elapsed;
    }
}
