namespace TinyWorker;

/// <summary>
/// A worker for CPU-bound or blocking code: set up what it holds in the constructor, use it in <see cref="Call"/>, implement
/// <see cref="IDisposable"/> if it must be let go. One task at a time, so it needs no locks.
/// </summary>
/// <typeparam name="TIn">What a task takes.</typeparam>
/// <typeparam name="TOut">What a task returns.</typeparam>
public abstract class TinyWorker<TIn, TOut> : ITinyWorker<TIn, TOut>
{
    /// <summary>Runs one task. An exception faults this task's future and nothing else.</summary>
    /// <param name="input">The task's input.</param>
    /// <param name="cancellationToken">Asks this call to stop; it must not be used after the call has ended.</param>
    /// <returns>The task's result.</returns>
    public abstract TOut Call(TIn input, CancellationToken cancellationToken);

    ValueTask<TOut> ITinyWorker<TIn, TOut>.CallAsync(TIn input, CancellationToken cancellationToken) => new(Call(input, cancellationToken));
}
