using System.Diagnostics;

namespace TinyWorker.Threading;

/// <summary>
/// A synchronization context that keeps what is posted to it, in order, until its owner runs it. The object itself is never locked: user
/// code reaches it as <see cref="SynchronizationContext.Current"/>.
/// </summary>
internal abstract class SerialContext : SynchronizationContext
{
    private PostedQueue _posted = new();
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

    // As Queue<T>, for which each process would compile code before its first task.
    private struct PostedQueue()
    {
        // Its length is a power of two.
        private (SendOrPostCallback Callback, object? State)[] _ring = new (SendOrPostCallback, object?)[4];
        private int _first;

        public int Count { get; private set; }

        public void Enqueue((SendOrPostCallback Callback, object? State) post)
        {
            if (Count == _ring.Length) Grow();
            _ring[(_first + Count++) & (_ring.Length - 1)] = post;
        }

        public bool TryDequeue(out (SendOrPostCallback Callback, object? State) post)
        {
            post = default;
            if (Count == 0) return false;
            ref var place = ref _ring[_first];
            (post, place) = (place, default);   // what was run is not kept alive
            _first = (_first + 1) & (_ring.Length - 1);
            Count--;
            return true;
        }

        private void Grow()
        {
            var larger = new (SendOrPostCallback, object?)[2 * _ring.Length];
            for (var i = 0; i < Count; i++) larger[i] = _ring[(_first + i) & (_ring.Length - 1)];
            (_ring, _first) = (larger, 0);
        }
    }
}
