using System.Threading.Tasks.Sources;

namespace TinyWorker.Streaming;

/// <summary>
/// Set by anybody, waited for by one: the consumer of a map, who then looks for itself what has happened. A set signal ends the next wait
/// and is unset by it.
/// </summary>
/// <remarks>
/// A sleeper is woken outside the lock, by an event of its own: a woken thread takes the processor from its waker at once, and would only
/// find the lock taken. (Monitor.Pulse, which wakes inside it, cost two switches for every wake-up.)
/// </remarks>
#pragma warning disable CA1001 // The event is left to its finalizer: it may be set late, when the map is over.
internal sealed class Signal : IValueTaskSource
#pragma warning restore CA1001
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private bool _isSet;       // written under the lock on this
    private bool _isAwaited;   // guarded by the lock on this
    private bool _isAsleep;    // guarded by the lock on this
    private AutoResetEvent? _alarm;   // the sleeper's; made when it first sleeps

    public void Set()
    {
        Interlocked.MemoryBarrier();             // what happened is written before this looks: either the consumer sees it or is woken
        if (Volatile.Read(ref _isSet)) return;   // nobody has waited since
        bool awaited, asleep;
        lock (this)
        {
            (awaited, asleep) = (_isAwaited, _isAsleep);
            _isAwaited = _isAsleep = false;
            _isSet = !awaited && !asleep;
        }

        if (awaited) _core.SetResult(true);
        if (asleep) _alarm!.Set();
    }

    /// <summary>Waits until it is set. False if the time was over before.</summary>
    public bool Wait(TimeSpan atMost)
    {
        lock (this)
        {
            if (_isSet)
            {
                _isSet = false;
                return true;
            }

            _isAsleep = true;
            _alarm ??= new AutoResetEvent(false);
        }

        if (_alarm.WaitOne(atMost)) return true;
        lock (this)
        {
            if (_isAsleep)
            {
                _isAsleep = false;
                return false;
            }
        }

        return _alarm.WaitOne();   // somebody has just begun to wake it
    }

    public ValueTask WaitAsync()
    {
        lock (this)
        {
            if (_isSet)
            {
                _isSet = false;
                return default;
            }

            _core.Reset();
            _isAwaited = true;
            return new ValueTask(this, _core.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
