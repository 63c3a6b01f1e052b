using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker;

public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <inheritdoc/>
    /// <remarks>From inside a worker of this troupe it never blocks: it passes the bound.</remarks>
    [OverloadResolutionPriority(1)]
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default)
    {
        var future = _core.Submit(input, terms: null, cancellationToken);
        GC.KeepAlive(this);   // see the finalizer; so in every method here
        return future;
    }

    /// <inheritdoc/>
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.Submit(input, terms: null, cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>
    /// Submits a task whose input is the result of a task of the framework; blocks as <see cref="Submit(TIn, CancellationToken)"/> does.
    /// </summary>
    /// <inheritdoc cref="Submit(TinyFuture{TIn}, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The task is null.</exception>
    public TinyFuture<TOut> Submit(Task<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.Submit(TinyFuture.FromTask(input), terms: null, cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <inheritdoc/>
    [OverloadResolutionPriority(1)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default)
    {
        var future = _core.SubmitAsync(input, terms: null, cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <inheritdoc/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.SubmitAsync(input, terms: null, cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>
    /// Submits a task whose input is the result of a task of the framework; waits without a thread while the troupe is at its capacity.
    /// </summary>
    /// <inheritdoc cref="Submit(Task{TIn}, CancellationToken)"/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(Task<TIn> input, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.SubmitAsync(TinyFuture.FromTask(input), terms: null, cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>Submits a task if there is room at once, and nobody queues for it. Never blocks.</summary>
    /// <param name="input">The task's input.</param>
    /// <param name="future">The future of the result, if the task was accepted.</param>
    /// <param name="cancellationToken">Cancels the task, once it is accepted, as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>Whether it was accepted.</returns>
    /// <exception cref="OperationCanceledException">The token has fired already: nothing was accepted.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    /// <exception cref="ArgumentException">TIn is object, and the input is a future or a task of another type, which would be taken for a
    /// plain object. One of object is taken for what it is.</exception>
    public bool TrySubmit(
        TIn input, [NotNullWhen(true)] out TinyFuture<TOut>? future, CancellationToken cancellationToken = default)
    {
        var isAccepted = _core.TrySubmit(input, terms: null, cancellationToken, out future);
        GC.KeepAlive(this);
        return isAccepted;
    }
}
