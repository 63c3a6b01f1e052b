namespace TinyWorker.Backends;

/// <summary>What a <see cref="WorkerRecipe{TIn, TOut}"/> consists of.</summary>
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

    /// <summary>A <c>Func&lt;WorkerInfo, ITinyWorker&lt;TIn, TOut&gt;&gt;</c>.</summary>
    Factory,
}
