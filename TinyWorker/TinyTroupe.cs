using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Processes.Child;
using TinyWorker.Processes.Parent;
using TinyWorker.Tasks;
using TinyWorker.Workers;
using TinyWorker.Workers.Executors;

namespace TinyWorker;

/// <summary>
/// A troupe of long-lived workers behind a bounded channel. Make it, submit tasks to it, dispose it: disposing waits for every task that
/// was accepted and then for every worker.
/// </summary>
/// <remarks>
/// Thread-safe. The workers are made in parallel, each where it lives, as soon as the troupe is made; the constructor does not wait for
/// them (an inline troupe, which has no threads, makes them in the constructor). Tasks start in the order in which they were accepted;
/// those with an unfinished input start in the order in which their inputs finish. The names and the idea of troupe, worker and future
/// come from the Python library tiny-worker, the stateful workers with their own arguments from py_mtasklite.
/// </remarks>
/// <typeparam name="TIn">The type of a task's input.</typeparam>
/// <typeparam name="TOut">The type of a task's result.</typeparam>
[DebuggerDisplay("{DebuggerText,nq}")]
public sealed partial class TinyTroupe<TIn, TOut> : ITinyTroupe<TIn, TOut>, ITroupeControl, IWatchable, IDisposable
{
    private readonly Troupe<TIn, TOut> _troupe;
    private readonly TroupeCore<TIn, TOut> _core;

    /// <summary>A troupe whose workers apply a function. Each worker has a thread, unless the options say otherwise.</summary>
    /// <param name="function">What the workers do; called by up to <see cref="Workers"/> workers at a time.</param>
    /// <param name="options">How the troupe is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or the function returns a task.</exception>
    [OverloadResolutionPriority(3)]
    public TinyTroupe(Func<TIn, TOut> function, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.Function, NoTaskFrom(function)), options, nameof(function))
    {
    }

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}(Func{TIn, TOut}, TinyTroupeOptions?)"/>
    [OverloadResolutionPriority(2)]
    public TinyTroupe(Func<TIn, CancellationToken, TOut> function, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.CancellableFunction, NoTaskFrom(function)), options, nameof(function))
    {
    }

    /// <summary>
    /// A troupe whose workers apply an asynchronous function. They run on the shared pool, unless the options say otherwise.
    /// </summary>
    /// <inheritdoc cref="TinyTroupe{TIn, TOut}(Func{TIn, TOut}, TinyTroupeOptions?)"/>
    [OverloadResolutionPriority(1)]
    public TinyTroupe(Func<TIn, CancellationToken, Task<TOut>> function, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.CancellableAsyncFunction, NotNull(function)), options, nameof(function))
    {
    }

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}(Func{TIn, CancellationToken, Task{TOut}}, TinyTroupeOptions?)"/>
    public TinyTroupe(Func<TIn, Task<TOut>> function, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.AsyncFunction, NotNull(function)), options, nameof(function))
    {
    }

    /// <inheritdoc cref="TinyTroupe{TIn, TOut}(Func{TIn, CancellationToken, Task{TOut}}, TinyTroupeOptions?)"/>
    [OverloadResolutionPriority(-1)]   // an asynchronous lambda makes a Task
    public TinyTroupe(Func<TIn, CancellationToken, ValueTask<TOut>> function, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.CancellableValueFunction, NotNull(function)), options, nameof(function))
    {
    }

    /// <summary>A troupe of workers that own something. Each worker has a thread, unless the options say otherwise.</summary>
    /// <param name="workerFactory">Makes a worker, where it will live. Called once for each worker and once for each replacement.</param>
    /// <param name="options">How the troupe is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The factory is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public TinyTroupe(Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.Factory, NotNull(workerFactory)), options, nameof(workerFactory))
    {
    }

    private TinyTroupe(WorkerRecipe<TIn, TOut> recipe, TinyTroupeOptions? options, string recipeName)
    {
        RefuseTask(typeof(TOut), "TOut", "options");
        options ??= new TinyTroupeOptions();
        options.Validate(nameof(options));
        var isOfFunctions = recipe.Kind != RecipeKind.Factory;
        _troupe = new Troupe<TIn, TOut>(TroupeSettings.Of(options), BackendOf(options, recipe), isOfFunctions, MakeFactory);
        _core = _troupe.Core;
        _troupe.Facade = this;

        Func<WorkerInfo, ITinyWorker<TIn, TOut>> MakeFactory(IWorkerOwner owner) => options is ProcessTroupeOptions processes
            ? new ProcessWorkerFactory<TIn, TOut>(owner, recipe, recipeName, processes, WorkerServer.Serve).Make
            : recipe.Factory();
    }

    /// <summary>
    /// A troupe that was dropped without being disposed. What was accepted runs to its end; then the workers are disposed, and their threads
    /// and processes end. The log says so once, as a warning. Do not rely on it: nobody waits for that end, and it comes when the garbage
    /// collector does.
    /// </summary>
    // Users alone hold this object: futures and workers hold the core behind it. So nobody can submit any more when it is finalized, unless
    // a call is under way: those keep it alive. Somebody may still wait for room or for the start: then it is looked at again at the next
    // collection. If the constructor has thrown, there is no troupe.
    ~TinyTroupe()
    {
        if (_troupe is not null && !_troupe.TryEndDropped()) GC.ReRegisterForFinalize(this);
    }

    /// <inheritdoc/>
    public string Name => _core.Name;

    /// <summary>How many workers the troupe may have now; see <see cref="Resize"/> and <see cref="TinyTroupeOptions.MinWorkers"/>. How many
    /// it has is in its <see cref="Snapshot"/>.</summary>
    public int Workers => _troupe.Loops.Most;

    /// <summary>How many tasks may be accepted and not yet started.</summary>
    public int Capacity => _core.Settings.Capacity;

    IWatchedTroupe IWatchable.Watched => _troupe;

    /// <summary>The inside, for tests.</summary>
    internal Troupe<TIn, TOut> Inside => _troupe;

    // For the debugger, which must take no lock and run no user code.
    private string DebuggerText =>
        $"TinyTroupe '{Name}' ({Wording.Of(Workers, "worker")}, {_core.Gate.Read().Waiting} of {Capacity} waiting)";

    /// <summary>The name and the counts, for logs.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var now = Snapshot();
        return $"TinyTroupe '{Name}' ({Wording.Of(Workers, "worker")}, {now.Waiting} of {Capacity} waiting, {now.Running} running, " +
            $"{now.Succeeded} succeeded, {now.Faulted} faulted, {now.Canceled} canceled)";
    }

    private static Backend BackendOf(TinyTroupeOptions options, WorkerRecipe<TIn, TOut> recipe) => options switch
    {
        PoolTroupeOptions => new PoolBackend(),
        InlineTroupeOptions => new InlineBackend(),
        ProcessTroupeOptions => new ProcessBackend(),
        ThreadTroupeOptions threads => new ThreadBackend(threads.MaxStackSize ?? 0, threads.Priority),
        _ => recipe.IsAsynchronous ? new PoolBackend() : new ThreadBackend(0, ThreadPriority.Normal),
    };

    private static T NotNull<T>(T argument, [CallerArgumentExpression(nameof(argument))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(argument, name);
        return argument;
    }

    private static T NoTaskFrom<T>(T function, [CallerArgumentExpression(nameof(function))] string? name = null)
        where T : Delegate
    {
        NotNull(function, name);
        RefuseTask(function.Method.ReturnType, $"the method '{function.Method.Name}'", name!);
        return function;
    }

    private static void RefuseTask(Type type, string what, string parameter)
    {
        var isTask = typeof(Task).IsAssignableFrom(type) || type == typeof(ValueTask)
            || (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>));
        if (!isTask) return;
        var result = type.IsGenericType ? type.GetGenericArguments()[0].Name : "bool";
        throw new ArgumentException(
            $"{what} is a {type.Name}: a task would be taken for a result. " +
            $"Write new TinyTroupe<{typeof(TIn).Name}, {result}>(async x => await ...), with the type that the task returns.",
            parameter);
    }
}
