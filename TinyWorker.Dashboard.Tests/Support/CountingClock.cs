using Microsoft.Extensions.Time.Testing;

namespace TinyWorker.Dashboard.Tests.Support;

/// <summary>
/// A clock that moves by hand, counts the timers that live, and knows how often it was used. What time of day it is does not count: the
/// server itself asks that each second.
/// </summary>
internal sealed class CountingClock : TimeProvider
{
    private readonly FakeTimeProvider _inner = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private int _timers;
    private int _uses;

    public int LivingTimers => Volatile.Read(ref _timers);

    public int Uses => Volatile.Read(ref _uses);

    /// <summary>The stack of who used it first; for messages.</summary>
    public string? FirstUse { get; private set; }

    public override long TimestampFrequency => _inner.TimestampFrequency;

    public void Advance(double seconds) => _inner.Advance(TimeSpan.FromSeconds(seconds));

    public override DateTimeOffset GetUtcNow() => _inner.GetUtcNow();

    public override long GetTimestamp()
    {
        CountUse();
        return _inner.GetTimestamp();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        CountUse();
        Interlocked.Increment(ref _timers);
        return new CountedTimer(this, _inner.CreateTimer(callback, state, dueTime, period));
    }

    private void CountUse()
    {
        if (Interlocked.Increment(ref _uses) == 1) FirstUse = Environment.StackTrace;
    }

    private sealed class CountedTimer(CountingClock clock, ITimer inner) : ITimer
    {
        private int _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0) Interlocked.Decrement(ref clock._timers);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
