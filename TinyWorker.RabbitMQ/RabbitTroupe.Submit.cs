using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace TinyWorker.RabbitMQ;

public sealed partial class RabbitTroupe<TIn, TOut>
{
    /// <inheritdoc/>
    [OverloadResolutionPriority(1)]
    public TinyFuture<TOut> Submit(TIn input, CancellationToken cancellationToken = default) => _inner.Submit(input, cancellationToken);

    /// <inheritdoc/>
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, CancellationToken cancellationToken = default) =>
        _inner.Submit(input, cancellationToken);

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.Submit(Task{TIn}, CancellationToken)"/>
    public TinyFuture<TOut> Submit(Task<TIn> input, CancellationToken cancellationToken = default) =>
        _inner.Submit(input, cancellationToken);

    /// <inheritdoc/>
    [OverloadResolutionPriority(1)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TinyFuture<TIn> input, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, cancellationToken);

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.SubmitAsync(Task{TIn}, CancellationToken)"/>
    public ValueTask<TinyFuture<TOut>> SubmitAsync(Task<TIn> input, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, cancellationToken);

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}.TrySubmit(TIn, out TinyFuture{TOut}?, CancellationToken)"/>
    public bool TrySubmit(
        TIn input, [NotNullWhen(true)] out TinyFuture<TOut>? future, CancellationToken cancellationToken = default) =>
        _inner.TrySubmit(input, out future, cancellationToken);

    /// <summary>Submits a task that asks for something of its own; blocks as <see cref="Submit(TIn, CancellationToken)"/> does.</summary>
    /// <remarks>
    /// <see cref="SubmitOptions.Deadline"/> holds while the broker is away, too, and travels with the task: a host starts none that is
    /// late.
    /// <see cref="SubmitOptions.Timeout"/> is counted by the host, for each attempt there. A <see cref="SubmitOptions.Key"/> or a
    /// <see cref="SubmitOptions.Priority"/> cannot be: the order ends at the broker.
    /// </remarks>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <inheritdoc cref="Submit(TIn, CancellationToken)"/>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    /// <exception cref="ArgumentException">A key or a priority was asked for.</exception>
    [OverloadResolutionPriority(3)]
    public TinyFuture<TOut> Submit(TIn input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.Submit(input, Allowed(options), cancellationToken);

    /// <inheritdoc cref="Submit(TIn, SubmitOptions, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The input is null.</exception>
    [OverloadResolutionPriority(2)]
    public TinyFuture<TOut> Submit(TinyFuture<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.Submit(input, Allowed(options), cancellationToken);

    /// <inheritdoc cref="Submit(TinyFuture{TIn}, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public TinyFuture<TOut> Submit(Task<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.Submit(input, Allowed(options), cancellationToken);

    /// <summary>
    /// Submits a task that asks for something of its own; waits without a thread while the troupe is at its capacity.
    /// </summary>
    /// <inheritdoc cref="Submit(TIn, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(3)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(TIn input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, Allowed(options), cancellationToken);

    /// <inheritdoc cref="SubmitAsync(TIn, SubmitOptions, CancellationToken)"/>
    /// <exception cref="ArgumentNullException">The input is null.</exception>
    [OverloadResolutionPriority(2)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(
        TinyFuture<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, Allowed(options), cancellationToken);

    /// <inheritdoc cref="SubmitAsync(TinyFuture{TIn}, SubmitOptions, CancellationToken)"/>
    [OverloadResolutionPriority(2)]
    public ValueTask<TinyFuture<TOut>> SubmitAsync(Task<TIn> input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.SubmitAsync(input, Allowed(options), cancellationToken);

    /// <summary>
    /// Submits a task that asks for something of its own, if there is room at once, and nobody queues for it. Never blocks.
    /// </summary>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="future">The future of the result, if the task was accepted.</param>
    /// <param name="cancellationToken">Cancels the task, once it is accepted, as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <inheritdoc cref="TrySubmit(TIn, out TinyFuture{TOut}?, CancellationToken)"/>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    /// <exception cref="ArgumentException">A key or a priority was asked for.</exception>
    public bool TrySubmit(
        TIn input, SubmitOptions options, [NotNullWhen(true)] out TinyFuture<TOut>? future,
        CancellationToken cancellationToken = default) =>
        _inner.TrySubmit(input, Allowed(options), out future, cancellationToken);

    /// <summary>
    /// Runs a task that asks for something of its own and gives its result; waits without a thread, first for room and then for the result.
    /// </summary>
    /// <param name="input">The task's input.</param>
    /// <param name="options">What the task asks for.</param>
    /// <param name="cancellationToken">Before the task is accepted it ends the wait, and the task never runs; afterwards it cancels
    /// the task as <see cref="TinyFuture{T}.Cancel"/> does.</param>
    /// <returns>The result. An exception of the task is thrown where it is awaited.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    /// <exception cref="ArgumentException">A key or a priority was asked for.</exception>
    /// <exception cref="TimeoutException">The deadline or the timeout of the task has passed.</exception>
    /// <exception cref="OperationCanceledException">The token fired, or the task was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The troupe is stopped.</exception>
    public ValueTask<TOut> CallAsync(TIn input, SubmitOptions options, CancellationToken cancellationToken = default) =>
        _inner.CallAsync(input, Allowed(options), cancellationToken);

    private SubmitOptions Allowed(SubmitOptions options)
    {
        if (options.Key is null && options.Priority == 0) return options;
        var option = options.Key is null ? nameof(SubmitOptions.Priority) : nameof(SubmitOptions.Key);
        throw new ArgumentException(
            $"SubmitOptions.{option} cannot be used with '{Name}': its tasks go through a queue of the broker to any host, in the order " +
            "in which they come. Give tasks that must not wait for others, or not run beside others, a troupe of their own.",
            nameof(options));
    }
}
