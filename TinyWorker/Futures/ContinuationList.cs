using System.Diagnostics;
using TinyWorker.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>
/// The continuations of one future from the second on. Owned by that future; guarded by a lock on itself. Order of arrival is kept.
/// An abandoned continuation is dropped when at least half of the list may be abandoned, so that a removal costs O(1) on average
/// and a long-lived source never holds more than twice what still waits for it.
/// </summary>
internal sealed class ContinuationList
{
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

    /// <summary>False once the future has completed: the caller then sees to the continuation itself.</summary>
    public bool TryAdd(IContinuation continuation)
    {
        Schedule.Point();
        lock (this)
        {
            if (_closed) return false;
            if (_count == _items.Length) Array.Resize(ref _items, _count * 2);
            _items[_count++] = continuation;
            AssertInvariants();
            return true;
        }
    }

    public void OneWasAbandoned()
    {
        Schedule.Point();
        lock (this)
        {
            if (_closed || ++_abandoned * 2 <= _count || _abandoned < 4) return;
            DropAbandoned_NeedsLock();
            AssertInvariants();
        }
    }

    /// <summary>Closes the list and hands over what it held.</summary>
    public ReadOnlySpan<IContinuation> Take()
    {
        lock (this)
        {
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
    private void AssertInvariants()
    {
        Debug.Assert(_count >= 0 && _count <= _items.Length, "the count fits the array");
        Debug.Assert(_count == _items.Length || _items[_count] is null, "nothing is kept behind the count");
    }
}
