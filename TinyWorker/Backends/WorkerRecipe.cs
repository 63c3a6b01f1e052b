using System.Diagnostics;

namespace TinyWorker.Backends;

/// <summary>What the user gave to make workers of, as it was given: it may have to travel before it is used.</summary>
/// <param name="Kind">What the delegate is; its type alone does not tell, for delegates are covariant.</param>
/// <param name="Delegate">The function or the factory.</param>
internal sealed record WorkerRecipe<TIn, TOut>(RecipeKind Kind, Delegate Delegate)
{
    public bool IsAsynchronous => Kind is RecipeKind.AsyncFunction or RecipeKind.CancellableAsyncFunction;

    public Func<WorkerInfo, ITinyWorker<TIn, TOut>> Factory()
    {
        switch (Kind)
        {
            case RecipeKind.Function:
                var function = (Func<TIn, TOut>)Delegate;
                return _ => new FunctionWorker<TIn, TOut>(function);
            case RecipeKind.CancellableFunction:
                var cancellable = (Func<TIn, CancellationToken, TOut>)Delegate;
                return _ => new CancellableFunctionWorker<TIn, TOut>(cancellable);
            case RecipeKind.AsyncFunction:
                var asynchronous = (Func<TIn, Task<TOut>>)Delegate;
                return _ => new AsyncFunctionWorker<TIn, TOut>((input, _) => asynchronous(input));
            case RecipeKind.CancellableAsyncFunction:
                var both = (Func<TIn, CancellationToken, Task<TOut>>)Delegate;
                return _ => new AsyncFunctionWorker<TIn, TOut>(both);
            case RecipeKind.Factory:
                return (Func<WorkerInfo, ITinyWorker<TIn, TOut>>)Delegate;
            default:
                throw new UnreachableException($"{Kind} is no kind of recipe.");
        }
    }
}
