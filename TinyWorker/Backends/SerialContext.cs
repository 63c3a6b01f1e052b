namespace TinyWorker.Backends;

/// <summary>A synchronization context that keeps what is posted to it, in order, until its owner runs it. Guarded by a lock on itself.</summary>
internal abstract class SerialContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private bool _closed;   // set once, when the owner stops running what is posted

    public sealed override void Post(SendOrPostCallback d, object? state)
    {
        lock (this)
        {
            if (!_closed)
            {
                _posted.Enqueue((d, state));
                OnPosted_NeedsLock();
                return;
            }
        }

        // The worker is gone. Whoever still awaits something there goes on, on the pool.
        base.Post(d, state);
    }

    public sealed override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A worker's thread takes posts only: waiting for it from outside could block it for ever.");

    public sealed override SynchronizationContext CreateCopy() => this;

    protected abstract void OnPosted_NeedsLock();

    protected bool IsEmpty_NeedsLock => _posted.Count == 0;

    protected bool TryDequeue_NeedsLock(out (SendOrPostCallback Callback, object? State) next) => _posted.TryDequeue(out next);

    /// <summary>What was posted and not run, to be run elsewhere.</summary>
    protected void Close()
    {
        lock (this)
        {
            _closed = true;
            while (_posted.TryDequeue(out var left)) base.Post(left.Callback, left.State);
        }
    }
}
