namespace TinyWorker.Backends;

/// <summary>A synchronous function as a worker.</summary>
internal sealed class FunctionWorker<TIn, TOut>(Func<TIn, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken)
    {
        var output = function(input);
        if (typeof(TOut) == typeof(object) && output is ITinyWorker<TIn, TOut>) throw IsFactory(output);
        return output;
    }

    // Where anything may be a result, the compiler takes a lambda that makes workers for a function, too.
    private static InvalidOperationException IsFactory(object worker) => new(
        $"The function returned a worker, {worker.GetType().Name}, as its result. If it is meant to make the troupe's workers, say so by the type of " +
        $"its parameter: (WorkerInfo worker) => new {worker.GetType().Name}(...).");
}
