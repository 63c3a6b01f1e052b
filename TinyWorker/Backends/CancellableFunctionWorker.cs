namespace TinyWorker.Backends;

/// <summary>A synchronous function that takes a token, as a worker.</summary>
internal sealed class CancellableFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) => function(input, cancellationToken);
}
