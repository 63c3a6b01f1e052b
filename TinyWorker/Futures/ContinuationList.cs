using System.Diagnostics;
using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The continuations of one future that has more than one, in the order of their arrival. The list drops abandoned continuations when at
/// least half of it may be abandoned. So a removal costs O(1) on average, and a future that lives long holds at most twice as many as
/// still wait.
/// </summary>
internal sealed class ContinuationList
{
    private readonly Lock _lock = new();   // guards all fields

    private IContinuation[] _items;
    private int _count;
    private int _abandoned;   // how many were reported abandoned since the last clean-up
    private bool _closed;     // set once, when the future has completed and took what was here

    public ContinuationList(IContinuation first)
    {
        _items = new IContinuation[4];
        _items[0] = first;
        _count = 1;
    }

    /// <summary>False once the future has completed: the list will not hold the continuation, and it will not be called.</summary>
    public bool TryAdd(IContinuation continuation)
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_closed) return false;
            if (_count == _items.Length) Array.Resize(ref _items, _count * 2);
            _items[_count++] = continuation;
            return true;
        }
    }

    /// <summary>One of the continuations was abandoned.</summary>
    public void NoteAbandoned()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (_closed || ++_abandoned * 2 <= _count || _abandoned < 4) return;
            DropAbandoned_NeedsLock();
        }
    }

    /// <summary>Closes the list and returns what it held.</summary>
    public ReadOnlySpan<IContinuation> Take()
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            _closed = true;
            return _items.AsSpan(0, _count);
        }
    }

    private void DropAbandoned_NeedsLock()
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
            if (!_items[i].IsAbandoned) _items[kept++] = _items[i];
        Array.Clear(_items, kept, _count - kept);
        _count = kept;
        _abandoned = 0;
        if (_items.Length > 16 && _count < _items.Length / 4) Array.Resize(ref _items, _items.Length / 2);
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_count >= 0 && _count <= _items.Length, "the count fits the array");
        Debug.Assert(_count == _items.Length || _items[_count] is null, "nothing stands behind the count");
    }
}

/// <summary>What waits for a future: a blocked thread, an awaiter, a callback, or a dependent work item.</summary>
internal interface IContinuation
{
    /// <summary>Called exactly once, by the thread that completed the future, outside all locks. It must not run user code.</summary>
    /// <returns>Whether it looks at how the future has ended: a fault at which nobody looks is told.</returns>
    bool OnSourceCompleted();

    /// <summary>True once nobody waits through this continuation any more. The future may then drop it.</summary>
    bool IsAbandoned { get; }
}
