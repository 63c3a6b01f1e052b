using TinyWorker.Threading;

namespace TinyWorker.RabbitMQ.Serving;

/// <summary>
/// Calls back again and again while there is something to look after, and then rests: a host without tasks has no timer. Thread-safe. Calls
/// do not overlap.
/// </summary>
internal sealed class Ticker : IDisposable
{
    private readonly ITimer _timer;
    private readonly TimeSpan _period;
    private readonly Func<bool> _tick;
    private int _isSet;
    private volatile bool _isDisposed;

    /// <param name="clock">The clock.</param>
    /// <param name="period">The time between two calls.</param>
    /// <param name="tick">What is called. It tells whether there is still something to look after.</param>
    public Ticker(TimeProvider clock, TimeSpan period, Func<bool> tick)
    {
        (_period, _tick) = (period, tick);
        _timer = Timers.Create(clock, static state => ((Ticker)state!).OnTimer(), this);
    }

    /// <summary>There is something to look after. Cheap while the ticker runs.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isSet) == 0 && Interlocked.Exchange(ref _isSet, 1) == 0) Set();
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private void OnTimer()
    {
        if (_isDisposed) return;
        // First it rests, and then it looks: whoever has something for it either is seen by the look, or sets it again.
        Interlocked.Exchange(ref _isSet, 0);
        if (_tick()) Wake();
    }

    private void Set()
    {
        try
        {
            _timer.Change(_period, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // A clock of the user's may throw after the disposal; there is nothing to look after any more.
        }
    }
}
