using System.Runtime.CompilerServices;

namespace TinyWorker;

/// <summary>A troupe of workers, wherever they live. Thread-safe. See <see cref="TinyTroupe{TIn, TOut}"/>.</summary>
/// <typeparam name="TIn">What a task takes.</typeparam>
/// <typeparam name="TOut">What a task returns.</typeparam>
public interface ITinyTroupe<TIn, TOut> : ITroupe
{
    /// <summary>
    /// Submits a task. Blocks the calling thread while the troupe is at its capacity: asynchronous code calls
    /// <see cref="SubmitAsync(TIn, CancellationToken)"/>, or <see cref="TinyTroupeExtensions.CallAsync"/>, instead.
    /// </summary>
    /// <param name="input">The task's input.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>The future of the result.</returns>
    /// <exception cref="OperationCanceledException">The token fired before the task was accepted.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    /// <exception cref="ArgumentException">TIn is object, and the input is a future or a task of another type, which would be taken for a
    /// plain object. One of object is taken for what it is.</exception>
    [OverloadResolutionPriority(1)]   // null, default and new(...) are plain inputs
    TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default);

    /// <summary>
    /// Submits a task whose input need not be finished; blocks as <see cref="Submit(TIn, CancellationToken)"/> does. The task waits for its
    /// input outside the workers, and takes a place in the meantime. If the input fails or is cancelled, so is the task, with the same
    /// exception, and the worker's code never runs.
    /// </summary>
    /// <inheritdoc cref="Submit(TIn, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The future is null.</exception>
    TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default);

    /// <summary>Submits a task; waits without a thread while the troupe is at its capacity.</summary>
    /// <inheritdoc cref="Submit(TIn, CancellationToken)"/>
    [OverloadResolutionPriority(1)]
    ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default);

    /// <summary>
    /// Submits a task whose input need not be finished, as <see cref="Submit(TinyFuture{TIn}, CancellationToken)"/> does; waits without a
    /// thread while the troupe is at its capacity.
    /// </summary>
    /// <inheritdoc cref="Submit(TinyFuture{TIn}, CancellationToken)"/>
    ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default);
}
