using System.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker;

/// <summary>
/// A future that your own code completes: it brings an event, a callback or a device into a chain of troupes.
/// Thread-safe; the first call that completes it wins. Completing never runs user code on the completing thread.
/// </summary>
/// <typeparam name="T">The type of the result.</typeparam>
[DebuggerDisplay("{Future}")]
public sealed class TinyFutureSource<T>
{
    private readonly PromiseFuture<T> _promise = new();

    /// <summary>The future.</summary>
    public TinyFuture<T> Future => _promise;

    /// <summary>Completes the future with a result.</summary>
    /// <param name="result">The result; may be null.</param>
    /// <returns>False if it had ended before, by <see cref="TinyFuture{T}.Cancel"/> for instance.</returns>
    public bool TrySetResult(T result) => _promise.TrySetResult(result);

    /// <summary>Faults the future.</summary>
    /// <param name="exception">Why.</param>
    /// <returns>False if it had ended before.</returns>
    /// <exception cref="ArgumentNullException">The exception is null.</exception>
    public bool TrySetException(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return _promise.TrySetFailure(Failure.Fault(exception));
    }

    /// <summary>Cancels the future.</summary>
    /// <param name="cancellationToken">The token that the <see cref="OperationCanceledException"/> names; none by default.</param>
    /// <returns>False if it had ended before.</returns>
    public bool TrySetCanceled(CancellationToken cancellationToken = default)
    {
        var cancellation = new OperationCanceledException("The future was cancelled by its source.", cancellationToken);
        return _promise.TrySetFailure(Failure.Cancellation(cancellation));
    }
}
