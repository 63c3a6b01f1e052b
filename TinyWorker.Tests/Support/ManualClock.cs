namespace TinyWorker.Tests.Support;

/// <summary>
/// A clock that a test advances. Its timers call on the thread that advances it, the one that is due first before the others. FakeTimeProvider cannot replace it: it does not say how
/// many timers are set, and it calls no timer for a second thread that advances it at the same time.
/// </summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private long _now = TimeSpan.TicksPerDay;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>The number of timers that are set and have not called yet.</summary>
    public int Armed
    {
        get
        {
            lock (_lock) return _timers.Count(timer => timer.DueAt is not null);
        }
    }

    /// <summary>The number of timers that were made and not disposed.</summary>
    public int Timers
    {
        get
        {
            lock (_lock) return _timers.Count;
        }
    }

    public override long GetTimestamp() => Interlocked.Read(ref _now);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        lock (_lock) _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Time passes, and the timers are late: they call at the next <see cref="Advance"/>.</summary>
    public void AdvanceWithLateTimers(TimeSpan span) => Interlocked.Add(ref _now, span.Ticks);

    public void Advance(TimeSpan span)
    {
        Interlocked.Add(ref _now, span.Ticks);
        while (true)
        {
            ManualTimer? due;
            lock (_lock)
            {
                due = _timers.Where(timer => timer.DueAt <= GetTimestamp()).MinBy(static timer => timer.DueAt);
                if (due is null) return;
                due.DueAt = null;
            }

            due.Call();
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        public long? DueAt { get; set; }

        public void Call() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock) DueAt = dueTime == Timeout.InfiniteTimeSpan ? null : clock.GetTimestamp() + dueTime.Ticks;
            return true;
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}
