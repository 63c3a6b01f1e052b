using System.Collections;

namespace TinyWorker;

/// <summary>Times of some tasks, the shortest first; see <see cref="TroupeObservation"/>. Does not change once it is made.</summary>
public sealed class SampledTimes : IReadOnlyList<TimeSpan>
{
    private readonly TimeSpan[] _times;   // in order

    /// <summary>The times of several observations together, for instance.</summary>
    /// <param name="times">The times, in any order.</param>
    /// <exception cref="ArgumentNullException">The sequence is null.</exception>
    public SampledTimes(IEnumerable<TimeSpan> times)
    {
        ArgumentNullException.ThrowIfNull(times);
        _times = [.. times];
        Array.Sort(_times);
    }

    /// <summary>How many times there are.</summary>
    public int Count => _times.Length;

    /// <summary>The longest time; null if there is none.</summary>
    public TimeSpan? Longest => Percentile(1);

    /// <summary>A time by its place in the order.</summary>
    /// <param name="index">The place, from 0 for the shortest.</param>
    public TimeSpan this[int index] => _times[index];

    /// <summary>
    /// The time that this fraction of the times does not exceed: the shortest one of which that is true (the nearest rank). Of a hundred
    /// times, 0.99 gives the 99th.
    /// </summary>
    /// <param name="fraction">From 0 to 1: 0.5 for the median, 0.99 for the 99th percentile.</param>
    /// <returns>The time; null if there is none.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is not from 0 to 1.</exception>
    public TimeSpan? Percentile(double fraction)
    {
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new ArgumentOutOfRangeException(
                nameof(fraction), fraction, "The fraction must be from 0 to 1: 0.99 for the 99th percentile.");
        }

        if (_times.Length == 0) return null;
        // Without the last digits, which the multiplication may get wrong: 0.07 * 100 is a little more than 7.
        var rank = (int)Math.Ceiling(Math.Round(fraction * _times.Length, 6));
        return _times[Math.Max(rank, 1) - 1];
    }

    /// <summary>The times, the shortest first.</summary>
    /// <returns>The enumerator.</returns>
    public IEnumerator<TimeSpan> GetEnumerator() => ((IEnumerable<TimeSpan>)_times).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
