using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TinyWorker.Tasks;

namespace TinyWorker;

// Each task its own way.
public sealed partial class TinyTroupe<TIn, TOut>
{
    /// <summary>Submits a task that asks for something of its own; blocks as <see cref="Submit(TIn, CancellationToken)"/> does.</summary>
    /// <remarks>If its deadline passes while it waits for room, the future that is returned has faulted.</remarks>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <inheritdoc cref="Submit(TIn, CancellationToken)"/>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    [OverloadResolutionPriority(3)]
    public TinyFuture<TOut> Submit(TIn input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        var future = _core.Submit(input, SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);   // see the finalizer; so in every method here
        return future;
    }

    /// <inheritdoc cref="Submit(TIn, SubmitOptions, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The input is null.</exception>
    [OverloadResolutionPriority(2)]
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.Submit(input, SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <inheritdoc cref="Submit(TinyFuture{TIn}, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public TinyFuture<TOut> Submit(Task<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.Submit(TinyFuture.FromTask(input), SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>
    /// Submits a task that asks for something of its own; waits without a thread while the troupe is at its capacity.
    /// </summary>
    /// <inheritdoc cref="Submit(TIn, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(3)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        var future = _core.SubmitAsync(input, SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>Submits as <see cref="SubmitAsync(TIn, SubmitOptions, CancellationToken)"/> does, but the token ends only the wait for room:
    /// a task that was accepted is left alone.</summary>
    internal ValueTask<TinyFuture<TOut>> SubmitIntoRoomAsync(TIn input, SubmitOptions options, CancellationToken waitingForRoom)
    {
        var future = _core.SubmitAsync(input, SubmitTerms.Of(options, isTokenForRoom: true), waitingForRoom);
        GC.KeepAlive(this);
        return future;
    }

    /// <inheritdoc cref="SubmitAsync(TIn, SubmitOptions, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The input is null.</exception>
    [OverloadResolutionPriority(2)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(
        TinyFuture<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.SubmitAsync(input, SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <inheritdoc cref="SubmitAsync(TinyFuture{TIn}, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(Task<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var future = _core.SubmitAsync(TinyFuture.FromTask(input), SubmitTerms.Of(options), cancellationToken);
        GC.KeepAlive(this);
        return future;
    }

    /// <summary>
    /// Submits a task that asks for something of its own, if there is room at once, and nobody queues for it. Never blocks.
    /// </summary>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="future">The future of the result, if the task was accepted.</param>
    /// <param name="cancellationToken">Cancels the task, once it is accepted, as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <inheritdoc cref="TrySubmit(TIn, out TinyFuture{TOut}?, CancellationToken)"/>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    public bool TrySubmit(
        TIn input, SubmitOptions options, [NotNullWhen(true)] out TinyFuture<TOut>? future,
        CancellationToken cancellationToken = default)
    {
        var isAccepted = _core.TrySubmit(input, SubmitTerms.Of(options), cancellationToken, out future);
        GC.KeepAlive(this);
        return isAccepted;
    }

    /// <summary>
    /// Runs a task that asks for something of its own and gives its result; waits without a thread, first for room and then for the result.
    /// </summary>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>The result. An exception of the task is thrown where it is awaited.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    /// <exception cref="TimeoutException">The deadline or the timeout of the task has passed.</exception>
    /// <exception cref="OperationCanceledException">The token fired, or the task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    /// <exception cref="InvalidOperationException">The caller runs inside a worker of the same troupe: it would wait for itself.</exception>
    public async ValueTask<TOut> CallAsync(TIn input, SubmitOptions options, CancellationToken cancellationToken = default)
    {
        var future = await SubmitAsync(input, options, cancellationToken).ConfigureAwait(false);
        return await future.ConfigureAwait(false);
    }
}
