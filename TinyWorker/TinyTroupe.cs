using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TinyWorker.Backends;
using TinyWorker.Backends.Inline;
using TinyWorker.Backends.Pool;
using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Threads;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Queueing;

namespace TinyWorker;

/// <summary>
/// A troupe of long-lived workers behind a bounded channel. Make it, submit tasks to it, dispose it: disposing waits for every task that
/// was accepted and then for every worker.
/// </summary>
/// <remarks>
/// Thread-safe. The workers are made in parallel, each where it lives, as soon as the troupe is; the constructor does not wait for them
/// (an inline troupe, which has no threads, makes them in the constructor). Tasks start in the order in which they were accepted, those
/// with an unfinished input in the order in which their inputs finish. The names and the idea of troupe, worker and future come from the
/// Python library tiny-worker, the stateful workers with their own arguments from py_mtasklite.
/// </remarks>
/// <typeparam name="TIn">What a task takes.</typeparam>
/// <typeparam name="TOut">What a task returns.</typeparam>
[DebuggerDisplay("{ToString(),nq}")]
public sealed partial class TinyTroupe<TIn, TOut> : ITinyTroupe<TIn, TOut>, IDisposable, ITroupeCore, IMeteredTroupe
{
    private readonly bool _takesAnyObject = typeof(TIn) == typeof(object);
    private readonly Func<int> _waiting;   // how many tasks wait
    private readonly bool _mayBeWatched;   // in a child nothing is counted: there the same tasks would be counted again

    /// <summary>A troupe whose workers apply a function; a thread for each, unless the options say otherwise.</summary>
    /// <param name="function">What the workers do; called by up to <see cref="Workers"/> workers at a time.</param>
    /// <param name="options">How the troupe is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The function is null.</exception>
    /// <exception cref="ArgumentException">An option has a value that cannot be, or the function returns a task.</exception>
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

    /// <summary>A troupe whose workers apply an asynchronous function; on the shared pool, unless the options say otherwise.</summary>
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

    /// <summary>A troupe of workers that hold something; a thread for each, unless the options say otherwise.</summary>
    /// <param name="workerFactory">Makes a worker, where it will live. Called once for each worker and once for each replacement.</param>
    /// <param name="options">How the troupe is made; null for the defaults.</param>
    /// <exception cref="ArgumentNullException">The factory is null.</exception>
    /// <exception cref="ArgumentException">An option has a value that cannot be.</exception>
    public TinyTroupe(Func<WorkerInfo, ITinyWorker<TIn, TOut>> workerFactory, TinyTroupeOptions? options = null)
        : this(new WorkerRecipe<TIn, TOut>(RecipeKind.Factory, NotNull(workerFactory)), options, nameof(workerFactory))
    {
    }

    private TinyTroupe(WorkerRecipe<TIn, TOut> recipe, TinyTroupeOptions? options, string recipeName)
    {
        RefuseTask(typeof(TOut), "TOut", "options");
        options ??= new TinyTroupeOptions();
        options.Validate(nameof(options));

        Name = options.Name ?? DefaultName();
        Workers = options.Workers;
        Capacity = options.Capacity;
        TaskTimeout = options.TaskTimeout == Timeout.InfiniteTimeSpan ? null : options.TaskTimeout;
        CancellationGrace = options.CancellationGrace;
        MaxTasksPerWorker = options.MaxTasksPerWorker ?? long.MaxValue;
        TimeProvider = options.TimeProvider;
        Logger = options.LoggerFactory is { } loggers ? new SafeLogger(loggers.CreateLogger("TinyWorker.TinyTroupe")) : NullLogger.Instance;
        Backend = options switch
        {
            PoolTroupeOptions => new PoolBackend(),
            InlineTroupeOptions => new InlineBackend(),
            ProcessTroupeOptions => new ProcessBackend(),
            ThreadTroupeOptions threads => new ThreadBackend(threads.MaxStackSize ?? 0, threads.Priority),
            _ => recipe.IsAsynchronous ? new PoolBackend() : new ThreadBackend(0, ThreadPriority.Normal),
        };
        Factory = options is ProcessTroupeOptions processes ? new ProcessWorkers<TIn, TOut>(this, recipe, recipeName, processes).Make : recipe.Factory();
        Gate = new AdmissionGate(Capacity, OnDrained);
        _waiting = () => Gate.Read().Waiting;
        WaitingRoom = new(_waiting);
        Crew = new Crew<TIn, TOut>(this, Workers);
        _madeAt = TimeProvider.GetTimestamp();
        _mayBeWatched = options is not InlineTroupeOptions { IsInChild: true };
        if (_mayBeWatched) TinyWorkerMeter.Living.Add(this);
        Backend.Submitting();
        Crew.Start();
        Backend.Submitted(isRunning: null);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>How many workers the troupe has.</summary>
    public int Workers { get; }

    /// <summary>How many tasks may be accepted and not yet started.</summary>
    public int Capacity { get; }

    /// <summary>Waits until every worker has been made; for a start that is meant to fail early.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>When they are ready.</returns>
    /// <exception cref="WorkerStartException">A worker could not be made.</exception>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    /// <exception cref="ObjectDisposedException">The troupe was stopped before every worker had been made.</exception>
    /// <exception cref="InvalidOperationException">It is not ready, and the caller runs inside a worker of this troupe.</exception>
    public Task WhenReadyAsync(CancellationToken cancellationToken = default)
    {
        // In a factory, a constructor or StartAsync it would wait for itself.
        if (IsInsideWorker && !Crew.Ready.IsCompleted)
        {
            return Task.FromException(new InvalidOperationException(
                $"A worker of '{Name}' waited until every worker of its own troupe had been made, perhaps itself among them, which could take for ever. Wait outside the troupe."));
        }

        return Crew.Ready.WaitAsync(cancellationToken);
    }

    /// <summary>The name and the counts, for logs and debuggers.</summary>
    /// <returns>The text.</returns>
    public override string ToString()
    {
        var now = Snapshot();
        return $"TinyTroupe '{Name}' ({Workers} workers, {now.Waiting} of {Capacity} waiting, {now.Running} running, " +
            $"{now.Succeeded} succeeded, {now.Faulted} faulted, {now.Canceled} canceled)";
    }

    // What the inside needs -----------------------------------------------------------------------
    internal Func<WorkerInfo, ITinyWorker<TIn, TOut>> Factory { get; private set; }   // the user's until the last worker has left

    internal TimeSpan? TaskTimeout { get; }

    internal TimeSpan CancellationGrace { get; }

    internal long MaxTasksPerWorker { get; }

    internal TimeProvider TimeProvider { get; }

    internal ILogger Logger { get; }

    internal Backend Backend { get; }

    internal AdmissionGate Gate { get; }

    internal WorkQueue<WorkItem<TIn, TOut>> Queue { get; } = new();

    internal WaitingRoom<ChainedWorkItem<TIn, TOut>> WaitingRoom { get; }

    internal Crew<TIn, TOut> Crew { get; }

    ILogger ITroupeCore.Logger => Logger;

    TimeProvider ITroupeCore.TimeProvider => TimeProvider;

    /// <summary>Whether somebody listens to what happens to each task.</summary>
    internal bool IsWatched => _mayBeWatched && (TinyWorkerMeter.IsListenedTo || TinyWorkerActivity.Source.HasListeners());

    internal bool IsInsideWorker => InsideWorker.Troupe == this;

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
            $"{what} is a {type.Name}: a task would be taken for a result. Write new TinyTroupe<{typeof(TIn).Name}, {result}>(async x => await ...), with the type that the task returns.",
            parameter);
    }

    private static string DefaultName() => $"troupe-{TroupeNumber.Next()}";
}
