using System.Runtime.CompilerServices;
using TinyWorker.Futures;

namespace TinyWorker;

/// <summary>What <c>await</c> uses of a <see cref="TinyFuture{T}"/>; not for use by hand.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public readonly struct TinyFutureAwaiter<T> : ICriticalNotifyCompletion
{
    private readonly TinyFuture<T> _future;   // or what stands in its place
    private readonly bool _continueOnCapturedContext;

    // An await that might starve its own troupe awaits in its place a future that has faulted with the refusal: decided here, once. (An
    // exception from OnCompleted would end the process.)
    internal TinyFutureAwaiter(TinyFuture<T> future, bool continueOnCapturedContext)
    {
        _future = future.ForWaiting();
        _continueOnCapturedContext = continueOnCapturedContext;
    }

    /// <summary>Whether <see cref="GetResult"/> can answer at once. Where workers have threads of their own, it may look out for the
    /// end for some ten microseconds before it says no.</summary>
    public bool IsCompleted => _future.IsCompleted || _future.LookOut();

    /// <summary>The result, or the exception, of the future; blocks if it is unfinished.</summary>
    /// <returns>The result.</returns>
    public T GetResult() => _future.Result();

    /// <inheritdoc/>
    public void OnCompleted(Action continuation) => Register(continuation, ExecutionContext.Capture());

    /// <inheritdoc/>
    public void UnsafeOnCompleted(Action continuation) => Register(continuation, context: null);

    private void Register(Action continuation, ExecutionContext? context)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        _future.AddContinuation(AwaitContinuation.Capture(continuation, context, _continueOnCapturedContext));
    }
}

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
