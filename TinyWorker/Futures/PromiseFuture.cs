namespace TinyWorker.Futures;

/// <summary>A future that no worker completes, but a <see cref="TinyFutureSource{T}"/>, a task, or other futures.</summary>
internal class PromiseFuture<T> : TinyFuture<T>
{
    public bool TrySetResult(T value) => TryEnd(value);

    public bool TrySetFailure(Failure failure) => TryEnd(failure);
}
