using System.Threading.Tasks.Sources;

namespace TinyWorker.Streaming;

/// <summary>
/// Set by anybody, waited for by one: the consumer of a map, who then looks for itself what has happened. A set signal ends the next wait
/// and is unset by it.
/// </summary>
internal sealed class Signal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private bool _isSet;       // written under the lock on this
    private bool _isAwaited;   // guarded by the lock on this

    public void Set()
    {
        Interlocked.MemoryBarrier();             // what happened is written before this looks: either the consumer sees it or is woken
        if (Volatile.Read(ref _isSet)) return;   // nobody has waited since
        bool awaited;
        lock (this)
        {
            awaited = _isAwaited;
            _isAwaited = false;
            _isSet = !awaited;
            Monitor.Pulse(this);
        }

        if (awaited) _core.SetResult(true);
    }

    public void Wait()
    {
        lock (this)
        {
            while (!_isSet) Monitor.Wait(this);
            _isSet = false;
        }
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
