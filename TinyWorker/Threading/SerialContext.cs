using System.Diagnostics;

namespace TinyWorker.Threading;

/// <summary>
/// A synchronization context that keeps what is posted to it, in order, until its owner runs it. The object itself is never locked: user
/// code reaches it as <see cref="SynchronizationContext.Current"/>.
/// </summary>
internal abstract class SerialContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private bool _closed;   // set once, when the owner stops running what is posted

    /// <summary>Guards what is posted, and the state of the derived context. The owner sleeps and is woken on it.</summary>
    protected object QueueLock { get; } = new();

    public sealed override void Post(SendOrPostCallback d, object? state)
    {
        using (Uninterrupted.Enter(QueueLock))
        {
            AssertInvariants_NeedsLock();
            if (!_closed)
            {
                _posted.Enqueue((d, state));
                OnPosted_NeedsLock();
                return;
            }
        }

        // The worker is gone. What was still awaited there goes on, on the pool.
        base.Post(d, state);
    }

    public sealed override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A worker's context takes posts only: to wait for it could block for ever. Use Post.");

    public sealed override SynchronizationContext CreateCopy() => this;

    protected abstract void OnPosted_NeedsLock();

    protected bool IsEmpty_NeedsLock => _posted.Count == 0;

    protected bool TryDequeue_NeedsLock(out (SendOrPostCallback Callback, object? State) next) => _posted.TryDequeue(out next);

    /// <summary>Stops taking posts. What was posted and not run goes to the pool.</summary>
    protected void Close()
    {
        using (Uninterrupted.Enter(QueueLock))
        {
            AssertInvariants_NeedsLock();
            _closed = true;
            while (_posted.TryDequeue(out var left)) base.Post(left.Callback, left.State);
        }
    }

    [Conditional("DEBUG")]
    protected void AssertInvariants_NeedsLock()
    {
        Debug.Assert(Monitor.IsEntered(QueueLock), "the lock is held");
        Debug.Assert(!_closed || _posted.Count == 0, "a closed context holds nothing");
    }
}
