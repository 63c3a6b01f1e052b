namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// Chooses how many tasks the broker gives to a host at a time, by how long the tasks take. Few for long tasks: those that are prefetched
/// wait here while another host may be free. Many for short ones: the way to the broker and back takes longer than the task. Thread-safe.
/// </summary>
/// <remarks>
/// The time in a worker is not told; it is reckoned from the time in the local troupe, in which all the tasks there shared the workers. It
/// is looked at once in so many tasks, and changed at most once in so many seconds. To go back to fewer takes twice the time that made it
/// more, so that a mean near a limit changes nothing.
/// </remarks>
/// <param name="workers">How many workers the local troupe has.</param>
/// <param name="clock">The clock.</param>
internal sealed class PrefetchChooser(int workers, TimeProvider clock)
{
    internal const int TasksInALook = 32;
    internal static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(15);

    // A task that takes less than the first has the prefetch behind it.
    private static readonly (double Milliseconds, int Prefetch)[] Steps = [(1, 256), (10, 64), (100, 16)];

    private readonly Lock _lock = new();
    private readonly int _least = Math.Min(workers + 1, ushort.MaxValue);
    private int _step = Steps.Length;
    private int _count;
    private double _milliseconds;
    private long _changedAt;
    private bool _hasChanged;

    /// <summary>The prefetch now.</summary>
    public int Current
    {
        get
        {
            lock (_lock) return PrefetchOf(_step);
        }
    }

    /// <summary>A task has ended.</summary>
    /// <param name="inTroupe">How long it was in the local troupe.</param>
    /// <param name="present">How many tasks were there when it came, itself included.</param>
    /// <returns>Whether <see cref="Current"/> has changed.</returns>
    public bool Note(TimeSpan inTroupe, int present)
    {
        var milliseconds = inTroupe.TotalMilliseconds * workers / Math.Max(workers, present);
        lock (_lock)
        {
            _milliseconds += milliseconds;
            if (++_count < TasksInALook) return false;
            var mean = _milliseconds / _count;
            (_count, _milliseconds) = (0, 0);

            var step = _step;
            while (step > 0 && mean < Steps[step - 1].Milliseconds) step--;
            while (step < Steps.Length && mean >= Steps[step].Milliseconds * 2) step++;
            if (step == _step || (_hasChanged && clock.GetElapsedTime(_changedAt) < ShortestPause)) return false;
            var before = PrefetchOf(_step);
            (_step, _changedAt, _hasChanged) = (step, clock.GetTimestamp(), true);
            return PrefetchOf(step) != before;
        }
    }

    private int PrefetchOf(int step) => step == Steps.Length ? _least : Math.Max(_least, Steps[step].Prefetch);
}
