using System.Globalization;
using TinyWorker.Processes.Data;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Parent;

/// <summary>
/// What all process workers of one troupe have in common: what each child is sent first, and the formats of inputs and results.
/// </summary>
internal sealed class ProcessWorkerFactory<TIn, TOut>
{
    private static readonly Func<IPayloadSerializer> Json = static () => new LazyJson();

    private readonly byte[] _function;
    private readonly byte[]? _serializer;   // null for the default
    private readonly RecipeKind _kind;
    private readonly CultureInfo? _culture = CultureInfo.DefaultThreadCurrentCulture;     // as they are when the troupe is made
    private readonly CultureInfo? _uiCulture = CultureInfo.DefaultThreadCurrentUICulture;

    /// <exception cref="ArgumentException">The function, the serializer, or no input or result can be sent to another process.</exception>
    public ProcessWorkerFactory(
        IWorkerOwner troupe, WorkerRecipe<TIn, TOut> recipe, string recipeName, ProcessTroupeOptions options,
        ChildEntryPoint entryPoint)
    {
        Troupe = troupe;
        Options = options;
        EntryPoint = entryPoint;
        _kind = recipe.Kind;
        Launcher = options.Launcher ?? new ProcessLauncher();
        _function = Launcher.Describe(recipe.Delegate, recipeName);
        if (options.Serializer is { } serializer) _serializer = Launcher.Describe(serializer, nameof(options));
        var payloads = (options.Serializer ?? Json)()
            ?? throw new ArgumentException("ProcessTroupeOptions.Serializer returned null.", nameof(options));
        Inputs = PayloadFormats.For<TIn>(payloads, troupe.Name);
        Results = PayloadFormats.For<TOut>(payloads, troupe.Name);
        LazyJson.ThrowIfNoneIsWhole(Inputs, payloads, "Inputs");
        LazyJson.ThrowIfNoneIsWhole(Results, payloads, "Results");
        Exceptions = PayloadFormats.For<Exception>(payloads, troupe.Name);
    }

    public IWorkerOwner Troupe { get; }

    public ProcessTroupeOptions Options { get; }

    /// <summary>What runs in each child.</summary>
    public ChildEntryPoint EntryPoint { get; }

    public IChildLauncher Launcher { get; }

    public PayloadFormat<TIn> Inputs { get; }

    public PayloadFormat<TOut> Results { get; }

    public PayloadFormat<Exception> Exceptions { get; }

    public ProcessWorker<TIn, TOut> Make(WorkerInfo worker) => new(this, worker);

    /// <summary>Whether an input or a result may go through shared memory.</summary>
    public bool MayShare => Inputs.MayBeShared || Results.MayBeShared;

    public StartMessage StartMessage(WorkerInfo worker, string window) => new(
        _kind, NameOf(typeof(TIn)), NameOf(typeof(TOut)),
        _function, _serializer, worker, Options.MaxWorkerMemory, _culture, _uiCulture, StaticTroupes.Known, window);

    // The short name leads to the core library. To read the long one would compile code in each start.
    private static string NameOf(Type type) =>
        type.Assembly == typeof(object).Assembly && !type.FullName!.Contains(',', StringComparison.Ordinal)
            ? type.FullName
            : type.AssemblyQualifiedName!;
}
