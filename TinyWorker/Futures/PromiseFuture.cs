namespace TinyWorker.Futures;

/// <summary>A future that somebody other than a worker completes.</summary>
internal class PromiseFuture<T> : TinyFuture<T>
{
    public bool TrySetResult(T value) => TryEnd(value);

    public bool TrySetFailure(Failure failure) => TryEnd(failure);
}
