namespace TinyWorker;

/// <summary>A configured await of a <see cref="TinyFuture{T}"/>.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public readonly struct TinyFutureAwaitable<T>
{
    private readonly TinyFuture<T> _future;
    private readonly bool _continueOnCapturedContext;

    internal TinyFutureAwaitable(TinyFuture<T> future, bool continueOnCapturedContext)
    {
        _future = future;
        _continueOnCapturedContext = continueOnCapturedContext;
    }

    /// <summary>The awaiter.</summary>
    /// <returns>The awaiter.</returns>
    public TinyFutureAwaiter<T> GetAwaiter() => new(_future, _continueOnCapturedContext);
}
