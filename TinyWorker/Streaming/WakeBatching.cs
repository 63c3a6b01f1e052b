using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>
/// Decides how many ended items a sleeping consumer lets pile up before it is woken. To wake it takes some thirty microseconds of a core
/// that a worker could use. So where items end quickly, the consumer is woken for several at once, as a network card batches its
/// interrupts. Belongs to the consumer.
/// </summary>
/// <param name="workers">The workers of the troupe. They need one item each to stay busy, so that many are never held.</param>
internal sealed class WakeBatching(int workers)
{
    /// <summary>No item is held longer, however slow the next ones are. Windows rounds it up to a tick of its timer.</summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromMilliseconds(1);

    // Half of the longest hold: items that take twice as long as the last ones do not run into its timer. With items of 30 µs the consumer
    // took 8 percent of two busy cores for 200 µs of items, 4 for 500 and 3 for 800.
    private static readonly double WorthHolding = (LongestHold / 2).TotalMicroseconds;

    private long _lastWakeUp;       // a time stamp; 0 before the first wake-up
    private long _yieldedByThen;    // items yielded before the last wake-up
    private MovingAverage _average;

    /// <summary>For the next wait: how many items may be ready behind the one that the consumer waits for.</summary>
    /// <param name="outstanding">How many items are in the window.</param>
    public int ItemsToHold(int outstanding) => _average.ItemsIn(WorthHolding, atMost: Math.Max(0, outstanding - workers) / 2);

    /// <summary>The consumer was woken.</summary>
    /// <param name="yielded">How many items it has taken so far.</param>
    /// <param name="now">The time stamp of the moment.</param>
    public void NoteWakeUp(long yielded, long now)
    {
        var items = yielded - _yieldedByThen;
        if (_lastWakeUp != 0)
        {
            if (items <= 0) return;   // woken for nothing: the time counts for the next items
            _average.Note(Stopwatch.GetElapsedTime(_lastWakeUp, now), items);
        }

        (_lastWakeUp, _yieldedByThen) = (now, yielded);
    }
}
