namespace TinyWorker;

/// <summary>
/// A worker for asynchronous code: what must be awaited to set it up goes into <see cref="StartAsync"/>. One task at a time.
/// On a thread of its own its awaits come back to that thread, as in a user interface.
/// </summary>
/// <typeparam name="TIn">What a task takes.</typeparam>
/// <typeparam name="TOut">What a task returns.</typeparam>
public abstract class TinyAsyncWorker<TIn, TOut> : ITinyWorker<TIn, TOut>
{
    /// <summary>Slow set-up that must be awaited; called once, before the first task. Does nothing by default.</summary>
    /// <param name="cancellationToken">Fires when the troupe aborts meanwhile.</param>
    /// <returns>When the worker is ready. An exception breaks the troupe with a <see cref="WorkerStartException"/>.</returns>
    public virtual ValueTask StartAsync(CancellationToken cancellationToken) => default;

    /// <inheritdoc/>
    public abstract ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken);
}
