namespace TinyWorker;

/// <summary>
/// The one thing that a troupe needs of a worker. A worker lives as long as its troupe, is made once, and is called for one task at a
/// time, so it needs no locks. If it is <see cref="IAsyncDisposable"/>, else <see cref="IDisposable"/>, it is disposed once at the end.
/// </summary>
/// <remarks>
/// Derive from <see cref="TinyWorker{TIn, TOut}"/> for CPU-bound or blocking code and from <see cref="TinyAsyncWorker{TIn, TOut}"/> for
/// asynchronous code. An implementation of this interface counts as asynchronous: on a thread of its own its awaits come back to that
/// thread, so it must not block on its own asynchronous code.
/// </remarks>
/// <typeparam name="TIn">What a task takes.</typeparam>
/// <typeparam name="TOut">What a task returns.</typeparam>
public interface ITinyWorker<in TIn, TOut>
{
    /// <summary>Runs one task.</summary>
    /// <param name="input">The task's input.</param>
    /// <param name="cancellationToken">Asks this call to stop: the task was cancelled, its time is over, or the troupe aborts.
    /// It belongs to this call and must not be used after the call has ended.</param>
    /// <returns>The task's result.</returns>
    ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken);
}
