using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes;

/// <summary>What all process workers of one troupe have in common: what goes to each child, and how values go there and back.</summary>
internal sealed class ProcessWorkers<TIn, TOut>
{
    private static readonly Func<IPayloadSerializer> Json = static () => new LazyJson();

    private readonly byte[] _function;
    private readonly byte[]? _serializer;   // null for the default
    private readonly RecipeKind _kind;

    /// <exception cref="ArgumentException">The function or the serializer cannot travel.</exception>
    public ProcessWorkers(TinyTroupe<TIn, TOut> troupe, WorkerRecipe<TIn, TOut> recipe, string recipeName, ProcessTroupeOptions options)
    {
        Troupe = troupe;
        Options = options;
        _kind = recipe.Kind;
        Launcher = options.Launcher ?? new ProcessLauncher();
        _function = Launcher.Describe(recipe.Delegate, recipeName);
        if (options.Serializer is { } serializer) _serializer = Launcher.Describe(serializer, nameof(options));
        var payloads = (options.Serializer ?? Json)()
            ?? throw new ArgumentException($"{nameof(ProcessTroupeOptions)}.{nameof(ProcessTroupeOptions.Serializer)} returned null.", nameof(options));
        Inputs = PayloadFormat.For<TIn>(payloads, troupe.Name);
        Results = PayloadFormat.For<TOut>(payloads, troupe.Name);
        Exceptions = PayloadFormat.For<Exception>(payloads, troupe.Name);
    }

    public TinyTroupe<TIn, TOut> Troupe { get; }

    public ProcessTroupeOptions Options { get; }

    public IChildLauncher Launcher { get; }

    public PayloadFormat<TIn> Inputs { get; }

    public PayloadFormat<TOut> Results { get; }

    public PayloadFormat<Exception> Exceptions { get; }

    public ProcessWorker<TIn, TOut> Make(WorkerInfo worker) => new(this, worker);

    public StartMessage StartMessage(WorkerInfo worker) => new(
        _kind, typeof(TIn).AssemblyQualifiedName!, typeof(TOut).AssemblyQualifiedName!, _function, _serializer, worker, Options.MaxWorkerMemory);
}
