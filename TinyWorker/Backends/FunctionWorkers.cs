namespace TinyWorker.Backends;

/// <summary>A synchronous function as a worker.</summary>
internal sealed class FunctionWorker<TIn, TOut>(Func<TIn, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) => function(input);
}

/// <summary>A synchronous function that takes a token, as a worker.</summary>
internal sealed class CancellableFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) => function(input, cancellationToken);
}

/// <summary>An asynchronous function as a worker.</summary>
internal sealed class AsyncFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, Task<TOut>> function) : ITinyWorker<TIn, TOut>
{
    public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) =>
        new(function(input, cancellationToken) ?? throw new InvalidOperationException("The troupe's function returned null instead of a task."));
}
