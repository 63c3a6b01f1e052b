namespace TinyWorker.Backends;

/// <summary>An asynchronous function as a worker.</summary>
internal sealed class AsyncFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, Task<TOut>> function) : ITinyWorker<TIn, TOut>
{
    public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) =>
        new(function(input, cancellationToken) ?? throw new InvalidOperationException("The troupe's function returned null instead of a task."));
}
