namespace TinyWorker.Display;

/// <summary>Items per second: of the last seconds while a map runs, of the whole once it has ended.</summary>
internal sealed class SpeedMeter
{
    // So many seconds ago, what was measured counts for a third.
    private const double Memory = 5;

    private long _completed;     // at the last look
    private TimeSpan _elapsed;
    private double _items;       // of the last seconds, older ones fading
    private double _seconds;

    /// <summary>Null while there is nothing to tell it from.</summary>
    public double? Recent => _items > 0 && _seconds > 0 ? _items / _seconds : null;

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
