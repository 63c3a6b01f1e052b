using System.Runtime.CompilerServices;
using TinyWorker.Futures;

namespace TinyWorker;

/// <summary>What <c>await</c> uses of a <see cref="TinyFuture{T}"/>; not for use by hand.</summary>
/// <typeparam name="T">The type of the result.</typeparam>
public readonly struct TinyFutureAwaiter<T> : ICriticalNotifyCompletion
{
    private readonly TinyFuture<T> _future;
    private readonly bool _continueOnCapturedContext;

    internal TinyFutureAwaiter(TinyFuture<T> future, bool continueOnCapturedContext)
    {
        _future = future;
        _continueOnCapturedContext = continueOnCapturedContext;
    }

    /// <summary>Whether <see cref="GetResult"/> can answer at once.</summary>
    // An await that would starve its own troupe says so in GetResult: an exception from OnCompleted would end the process.
    public bool IsCompleted => _future.IsCompleted || _future.WouldStarve;

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
