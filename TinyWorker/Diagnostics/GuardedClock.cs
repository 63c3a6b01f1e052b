using Microsoft.Extensions.Logging;

namespace TinyWorker.Diagnostics;

/// <summary>
/// The user's clock. It is user code like any other: what it throws is logged, and no task or worker is lost or hangs for it. If it cannot
/// tell the time, that is the time that it told last; if it makes no timer, or cannot set one, the system's clock does. Thread-safe as the
/// clock is.
/// </summary>
internal sealed class GuardedClock : TimeProvider
{
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly string _troupe;
    private readonly long _frequency;
    private long _lastTimestamp;

    private GuardedClock(TimeProvider clock, ILogger logger, string troupe)
    {
        _clock = clock;
        _logger = logger;
        _troupe = troupe;
        var frequency = Try(static clock => clock.TimestampFrequency, static () => 0L);
        _frequency = frequency > 0 ? frequency : System.TimestampFrequency;
    }

    public override long TimestampFrequency => _frequency;

    public override TimeZoneInfo LocalTimeZone => Try(static clock => clock.LocalTimeZone, static () => System.LocalTimeZone);

    /// <summary>The clock, guarded; the system's needs no guard.</summary>
    public static TimeProvider Of(TimeProvider clock, ILogger logger, string troupe) =>
        clock == System ? clock : new GuardedClock(clock, logger, troupe);

    public override DateTimeOffset GetUtcNow() => Try(static clock => clock.GetUtcNow(), System.GetUtcNow);

    public override long GetTimestamp()
    {
        var now = Try(static clock => clock.GetTimestamp(), () => Interlocked.Read(ref _lastTimestamp));
        Interlocked.Exchange(ref _lastTimestamp, now);
        return now;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = Try<ITimer?>(clock => clock.CreateTimer(callback, state, dueTime, period), static () => null);
        return new GuardedTimer(this, timer, () => System.CreateTimer(callback, state, dueTime, period));
    }

    private T Try<T>(Func<TimeProvider, T> step, Func<T> otherwise)
    {
        try
        {
            return step(_clock);
        }
        catch (Exception e)
        {
            Log.ClockFaulted(_logger, _troupe, e);
            return otherwise();
        }
    }

    /// <summary>The user's timer, until it fails; then one of the system. Its owner calls it, one call at a time.</summary>
    private sealed class GuardedTimer : ITimer
    {
        private readonly GuardedClock _clock;
        private readonly Func<ITimer> _makeOther;
        private ITimer? _users;
        private ITimer? _other;

        public GuardedTimer(GuardedClock clock, ITimer? users, Func<ITimer> makeOther)
        {
            _clock = clock;
            _users = users;
            _makeOther = makeOther;
            if (users is null) _other = makeOther();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_users is { } users)
            {
                try
                {
                    return users.Change(dueTime, period);
                }
                catch (Exception e)
                {
                    Log.ClockFaulted(_clock._logger, _clock._troupe, e);
                    Drop(users);
                }
            }

            return (_other ??= _makeOther()).Change(dueTime, period);
        }

        public void Dispose()
        {
            _other?.Dispose();
            if (_users is { } users) Drop(users);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }

        private void Drop(ITimer users)
        {
            _users = null;
            try
            {
                users.Dispose();
            }
            catch (Exception e)
            {
                Log.ClockFaulted(_clock._logger, _clock._troupe, e);
            }
        }
    }
}
