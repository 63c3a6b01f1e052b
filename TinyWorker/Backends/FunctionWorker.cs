namespace TinyWorker.Backends;

/// <summary>A synchronous function as a worker.</summary>
internal sealed class FunctionWorker<TIn, TOut>(Func<TIn, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) => function(input);
}
