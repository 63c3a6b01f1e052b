using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace TinyWorker.Threading;

/// <summary>
/// Any thread sets it; one waits for it: the consumer of a map, which then looks itself what has happened. A signal that is set ends the
/// next wait, and the wait unsets it.
/// </summary>
/// <remarks>
/// A sleeper is woken outside the lock, by an event of its own. A woken thread may take the processor from its waker at once: inside the
/// lock it would only find the lock taken. (Monitor.Pulse, which wakes inside the lock, cost two thread switches for each wake-up.)
/// </remarks>
#pragma warning disable CA1001 // The event is left to its finalizer: it may be set late, when the map is over.
internal sealed class Signal : IValueTaskSource, IThreadPoolWorkItem
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _isSet;       // written under _lock, read also outside
    private bool _isAwaited;   // guarded by _lock
    private bool _isAsleep;    // guarded by _lock
    private AutoResetEvent? _wakeUp;   // made when the waiting thread sleeps for the first time

    public void Set()
    {
        // The caller has written what happened before this fence: either the consumer sees it, or this wakes the consumer.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isSet)) return;   // nobody has waited since
        bool awaited, asleep;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            (awaited, asleep) = (_isAwaited, _isAsleep);
            _isAwaited = _isAsleep = false;
            _isSet = !awaited && !asleep;
        }

        // The consumer goes on on the pool, and not from the local queue of this thread (as the flag RunContinuationsAsynchronously would
        // have it): this thread may run a long task next.
        if (awaited) Schedule.Queue(this, preferLocal: false);
        if (asleep) _wakeUp!.Set();
    }

    /// <summary>Blocks until the signal is set. False if the time was over first.</summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted. A signal that had come is still there.</exception>
    public bool Wait(TimeSpan atMost)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_isSet)
            {
                _isSet = false;
                return true;
            }

            _isAsleep = true;
            _wakeUp ??= new AutoResetEvent(false);
        }

        try
        {
            if (_wakeUp.WaitOne(atMost)) return true;
        }
        catch (ThreadInterruptedException)
        {
            if (!TryStopSleeping()) Set();   // the next wait gets the signal
            throw;
        }

        return !TryStopSleeping();
    }

    // False if Set has begun to wake this thread: the signal has come, and the event is unset again.
    private bool TryStopSleeping()
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_isAsleep)
            {
                _isAsleep = false;
                return true;
            }
        }

        Uninterrupted.Run(static wakeUp => wakeUp.WaitOne(), _wakeUp!);
        return false;
    }

    /// <summary>Waits without a thread until the signal is set.</summary>
    public ValueTask WaitAsync()
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
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

    void IThreadPoolWorkItem.Execute() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(!_isSet || !(_isAwaited || _isAsleep), "a signal that is set has nobody waiting");
        Debug.Assert(!_isAwaited || !_isAsleep, "one waits, in one way");
    }
}
