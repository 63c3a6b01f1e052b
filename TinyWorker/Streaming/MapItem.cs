using TinyWorker.Futures;

namespace TinyWorker.Streaming;

/// <summary>One item of a map, from its reading to its yielding.</summary>
internal sealed class MapItem<TIn, TOut>(MapWindow<TIn, TOut> window, long index, TIn input, TinyFuture<TOut> future) : IContinuation
{
    private bool _isWatched;   // for the consumer alone

    public long Index => index;

    public TinyFuture<TOut> Future => future;

    /// <summary>For the window: where it keeps the item.</summary>
    public int Position { get; set; }

    bool IContinuation.IsAbandoned => false;   // asked only where a future has several continuations

    /// <summary>From now on, and once, the window is told when the task has ended.</summary>
    public void Watch()
    {
        if (_isWatched) return;
        _isWatched = true;
        future.AddContinuation(this);
    }

    /// <summary>For the window: whether the consumer has counted it.</summary>
    public bool IsTallied { get; set; }

    public TinyOutcome<TIn, TOut> ToOutcome() =>
        future.FailureOrNull is { } failure ? new(index, input, default, failure.Exception) : new(index, input, future.Value, null);

    void IContinuation.OnSourceCompleted() => window.OnEnded(this);
}
