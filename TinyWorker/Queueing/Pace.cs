namespace TinyWorker.Queueing;

/// <summary>How fast something goes on: the time that one item takes, averaged over what happened lately.</summary>
internal struct Pace
{
    private double _microsecondsPerItem;   // 0 as long as it is not known

    /// <summary>So many items have taken so long.</summary>
    public void Note(TimeSpan time, long items)
    {
        var perItem = time.TotalMicroseconds / items;
        _microsecondsPerItem = _microsecondsPerItem == 0 ? perItem : (_microsecondsPerItem * 0.75) + (perItem * 0.25);
    }

    /// <summary>How many items so much time is enough for; 0 as long as that is not known.</summary>
    public readonly int ItemsIn(double microseconds, int atMost) =>
        _microsecondsPerItem > 0 ? (int)Math.Min(atMost, microseconds / _microsecondsPerItem) : 0;
}
