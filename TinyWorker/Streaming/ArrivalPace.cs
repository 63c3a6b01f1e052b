using System.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Streaming;

/// <summary>
/// How many finished items a sleeping consumer lets pile up before it is woken. To wake it costs some ten microseconds of a core that a
/// worker has use for; so where items end faster than that is worth, it is woken for several at once, as a network card does with its
/// interrupts. Belongs to the consumer.
/// </summary>
/// <param name="workers">Of the troupe: what they need to stay busy is never held.</param>
internal sealed class ArrivalPace(int workers)
{
    /// <summary>No item is held longer, whatever becomes of the pace; on Windows this is rounded up to a tick of its timer.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(1);

    private const double WorthHolding = 200;   // microseconds

    private long _wokenAt;          // a time stamp; 0 before the first time
    private long _yieldedThen;
    private Pace _pace;

    /// <summary>For the next wait: how many items may be ready behind the one that is waited for.</summary>
    /// <param name="outstanding">How many items are in the window.</param>
    public int ItemsToHold(int outstanding) => _pace.ItemsIn(WorthHolding, atMost: Math.Max(0, outstanding - workers) / 2);

    /// <summary>The consumer was woken.</summary>
    /// <param name="yielded">How many items it has had before.</param>
    /// <param name="now">The time stamp of the moment.</param>
    public void Woken(long yielded, long now)
    {
        var items = yielded - _yieldedThen;
        if (_wokenAt != 0)
        {
            if (items <= 0) return;   // for nothing: the time counts for what comes next
            _pace.Note(Stopwatch.GetElapsedTime(_wokenAt, now), items);
        }

        (_wokenAt, _yieldedThen) = (now, yielded);
    }
}
