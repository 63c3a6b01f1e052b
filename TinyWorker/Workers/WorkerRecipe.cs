using System.Diagnostics;
using TinyWorker.Futures;

namespace TinyWorker.Workers;

/// <summary>
/// What the delegate of a <see cref="WorkerRecipe{TIn, TOut}"/> is; its type alone does not tell, because delegates are covariant.
/// </summary>
internal enum RecipeKind
{
    /// <summary>A <c>Func&lt;TIn, TOut&gt;</c>.</summary>
    Function,

    /// <summary>A <c>Func&lt;TIn, CancellationToken, TOut&gt;</c>.</summary>
    CancellableFunction,

    /// <summary>A <c>Func&lt;TIn, Task&lt;TOut&gt;&gt;</c>.</summary>
    AsyncFunction,

    /// <summary>A <c>Func&lt;TIn, CancellationToken, Task&lt;TOut&gt;&gt;</c>.</summary>
    CancellableAsyncFunction,

    /// <summary>A <c>Func&lt;TIn, CancellationToken, ValueTask&lt;TOut&gt;&gt;</c>.</summary>
    CancellableValueFunction,

    /// <summary>A <c>Func&lt;WorkerInfo, ITinyWorker&lt;TIn, TOut&gt;&gt;</c>.</summary>
    Factory,
}

/// <summary>
/// The function or factory that the user's workers are made from, unchanged: it may have to travel to another process before it is used.
/// </summary>
internal sealed record WorkerRecipe<TIn, TOut>(RecipeKind Kind, Delegate Delegate)
{
    public bool IsAsynchronous =>
        Kind is RecipeKind.AsyncFunction or RecipeKind.CancellableAsyncFunction or RecipeKind.CancellableValueFunction;

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
            case RecipeKind.CancellableValueFunction:
                var value = (Func<TIn, CancellationToken, ValueTask<TOut>>)Delegate;
                return _ => new ValueFunctionWorker<TIn, TOut>(value);
            case RecipeKind.Factory:
                return (Func<WorkerInfo, ITinyWorker<TIn, TOut>>)Delegate;
            default:
                throw new UnreachableException($"{Kind} is not a kind of recipe.");
        }
    }
}

/// <summary>A synchronous function as a worker.</summary>
internal sealed class FunctionWorker<TIn, TOut>(Func<TIn, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) => PlainResult<TIn, TOut>.Checked(function(input));
}

/// <summary>A synchronous function that takes a token, as a worker.</summary>
internal sealed class CancellableFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, TOut> function) : TinyWorker<TIn, TOut>
{
    public override TOut Call(TIn input, CancellationToken cancellationToken) =>
        PlainResult<TIn, TOut>.Checked(function(input, cancellationToken));
}

/// <summary>
/// If a result may be any object, the compiler takes a lambda that makes workers, or one that returns a task or a future, for a synchronous
/// function.
/// </summary>
internal static class PlainResult<TIn, TOut>
{
    public static TOut Checked(TOut result)
    {
        if (typeof(TOut) != typeof(object)) return result;
        if (result is ITinyWorker<TIn, TOut>)
        {
            throw new InvalidOperationException(
                $"The function returned a worker, {result.GetType().Name}, as its result. If it is meant to make the troupe's workers, " +
                $"say so by the type of its parameter: (WorkerInfo worker) => new {result.GetType().Name}(...).");
        }

        if (Unfinished.KindOf(result) is not { } kind) return result;
        throw new InvalidOperationException(
            $"The function returned a {kind} as its result. If the result of the {kind} is meant, write async x => await ..., or name " +
            $"the type of that result: new TinyTroupe<{typeof(TIn).Name}, ...>(...).");
    }
}

/// <summary>An asynchronous function as a worker.</summary>
internal sealed class AsyncFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, Task<TOut>> function) : ITinyWorker<TIn, TOut>
{
    public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) =>
        function(input, cancellationToken) is { } task ? new(task) : default;   // no task stands for a default result, as in a Then
}

/// <summary>An asynchronous function that returns a <see cref="ValueTask{TResult}"/>, as a worker.</summary>
internal sealed class ValueFunctionWorker<TIn, TOut>(Func<TIn, CancellationToken, ValueTask<TOut>> function) : ITinyWorker<TIn, TOut>
{
    public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => function(input, cancellationToken);
}
