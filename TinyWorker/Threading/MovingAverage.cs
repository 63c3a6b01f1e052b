namespace TinyWorker.Threading;

/// <summary>The time that one item takes, averaged over the last items.</summary>
internal struct MovingAverage
{
    private double _microsecondsPerItem;   // 0 until the first items are noted

    /// <summary>Some items have taken some time.</summary>
    public void Note(TimeSpan time, long items)
    {
        var perItem = time.TotalMicroseconds / items;
        _microsecondsPerItem = _microsecondsPerItem == 0 ? perItem : (_microsecondsPerItem * 0.75) + (perItem * 0.25);
    }

    /// <summary>How many items that time is enough for; 0 until the first items are noted.</summary>
    public readonly int ItemsIn(double microseconds, int atMost) =>
        _microsecondsPerItem > 0 ? (int)Math.Min(atMost, microseconds / _microsecondsPerItem) : 0;
}
