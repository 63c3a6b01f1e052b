using TinyWorker.Futures;

namespace TinyWorker.Streaming;

/// <summary>One item of a map, from its reading to its yielding.</summary>
internal sealed class MapItem<TIn, TOut>(MapWindow<TIn, TOut> window, long index, TIn input, TinyFuture<TOut> future) : IContinuation
{
    private bool _isSubscribed;   // for the consumer alone

    public long Index => index;

    public TinyFuture<TOut> Future => future;

    /// <summary>For the window: where it keeps the item.</summary>
    public int Position { get; set; }

    /// <summary>For the window: whether the consumer has counted the item.</summary>
    public bool IsCounted { get; set; }

    bool IContinuation.IsAbandoned => false;   // asked only where a future has several continuations

    /// <summary>From now on the window is told when the task has ended. It is told once.</summary>
    public void Subscribe()
    {
        if (_isSubscribed) return;
        _isSubscribed = true;
        future.AddContinuation(this);
    }

    public TinyOutcome<TIn, TOut> ToOutcome() => future.FailureOrNull is { } failure
        ? new(index, input, default, failure.Exception) { Status = future.Status }
        : new(index, input, future.Value, null);

    bool IContinuation.OnSourceCompleted()
    {
        window.OnEnded(this);
        return true;   // a fault is the map's to yield, or to drop when it is left
    }
}
