using System.Diagnostics.CodeAnalysis;
using TinyWorker.Backends.Processes;

namespace TinyWorker;

/// <summary>
/// Each worker has a child process of its own: for native code that may crash or hang, for what leaks, and for what there is one of per
/// process (a GPU, an environment, a working directory).
/// </summary>
/// <remarks>
/// The child runs the same program, up to the point where its Main would begin. The function or worker factory goes there with the
/// variables that it captures, as data; inputs and results go there and back. A child that dies faults only the task that it had, and
/// is replaced. It ends when the troupe does, and when this process does, however that ends. <see cref="TinyTroupeOptions.MaxAttempts"/>
/// above 1 gives a task that has lost its worker to another.
/// </remarks>
public sealed class ProcessTroupeOptions : TinyTroupeOptions
{
    internal static readonly TimeSpan DefaultStartTimeout = TimeSpan.FromSeconds(30);

    private const string Reflects = "Functions, their captured variables and the values of other than plain types go to a worker process by reflection.";

    /// <summary>The defaults.</summary>
    [RequiresUnreferencedCode(Reflects)]
    [RequiresDynamicCode(Reflects)]
    public ProcessTroupeOptions()
    {
    }

    /// <summary>Environment variables for each worker, over those of this process; null removes one. Called here, before each start.</summary>
    /// <value>By default none.</value>
    public Func<WorkerInfo, IReadOnlyDictionary<string, string?>>? Environment { get; init; }

    /// <summary>The working directory of the workers.</summary>
    /// <value>A directory that exists; null, the default, for this process's own.</value>
    public string? WorkingDirectory { get; init; }

    /// <summary>How much physical memory, in bytes, a worker may hold after a task; one that holds more is replaced.</summary>
    /// <value>Above zero; null, the default, for no limit.</value>
    public long? MaxWorkerMemory { get; init; }

    /// <summary>How long a worker's process may take to start and to connect. What its factory takes is not counted.</summary>
    /// <value>Above zero; by default 30 seconds.</value>
    public TimeSpan StartTimeout { get; init; } = DefaultStartTimeout;

    /// <summary>
    /// Makes what writes and reads inputs and results that have no form of their own; called once here and once in each worker, so it
    /// must be able to travel, as the troupe's function must. Primitives, strings, dates and arrays of unmanaged types have a form of their own.
    /// </summary>
    /// <value>Null, the default, for <see cref="JsonPayloadSerializer"/>.</value>
    public Func<IPayloadSerializer>? Serializer { get; init; }

    /// <summary>Where the children come from; null for processes.</summary>
    internal IChildLauncher? Launcher { get; init; }

    internal override void Validate(string options)
    {
        base.Validate(options);
        Check(
            options, WorkingDirectory is null || Directory.Exists(WorkingDirectory),
            nameof(WorkingDirectory), WorkingDirectory, "must be a directory that exists; leave it null for this process's own");
        Check(options, MaxWorkerMemory is null or > 0, nameof(MaxWorkerMemory), MaxWorkerMemory, "must be above zero; leave it null for no limit");
        Check(options, StartTimeout > TimeSpan.Zero, nameof(StartTimeout), StartTimeout, "must be above zero");
    }
}
