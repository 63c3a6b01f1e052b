using System.Diagnostics.CodeAnalysis;

namespace TinyWorker;

/// <summary>
/// Each worker has a child process of its own: for native code that may crash or hang, for code that leaks, and for what a process has only
/// one of (a GPU, an environment, a working directory).
/// </summary>
/// <remarks>
/// The child runs the same program, up to the point where its Main would begin. The function or worker factory is sent to the child with
/// the variables that it captures, as data; then inputs are sent there, and results back. If a child dies, only the task that it ran
/// faults, and the child is replaced. A child ends when the troupe ends, and when this process ends, in whatever way. With <see
/// cref="TinyTroupeOptions.MaxAttempts"/> above 1, a task that has lost its worker is given to another.
/// </remarks>
public sealed partial record ProcessTroupeOptions : TinyTroupeOptions
{
    internal static readonly TimeSpan DefaultStartTimeout = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan DefaultExitTimeout = TimeSpan.FromSeconds(5);

    private const string Reflects =
        "Functions, their captured variables and the values of other than simple types go to a worker process by reflection.";

    /// <summary>The defaults.</summary>
    [RequiresUnreferencedCode(Reflects)]
    [RequiresDynamicCode(Reflects)]
    public ProcessTroupeOptions()
    {
    }

    /// <summary>
    /// Returns environment variables for a worker, which are added to those of this process or replace them; null removes one. It is called
    /// in this process, before each start.
    /// </summary>
    /// <value>By default none.</value>
    public Func<WorkerInfo, IReadOnlyDictionary<string, string?>>? Environment { get; init; }

    /// <summary>The working directory of the workers.</summary>
    /// <value>A directory that exists; null, the default, for this process's own.</value>
    public string? WorkingDirectory { get; init; }

    /// <summary>How much physical memory, in bytes, a worker may hold after a task. A worker that holds more is replaced.</summary>
    /// <value>Above zero; null, the default, for no limit.</value>
    public long? MaxWorkerMemory { get; init; }

    /// <summary>How much physical memory, in bytes, a worker may hold while it runs a task; it is looked at about four times a second. A
    /// worker that holds more is killed, and its task faults with a <see cref="WorkerCrashedException"/> that says so.</summary>
    /// <value>Above zero; null, the default, for no limit.</value>
    public long? KillAboveMemory { get; init; }

    /// <summary>How long a worker's process may take to start and to connect. The time of its factory is not counted.</summary>
    /// <value>Above zero; by default 30 seconds.</value>
    public TimeSpan StartTimeout { get; init; } = DefaultStartTimeout;

    /// <summary>How long a worker's process may take to exit, once its worker was disposed. Then it is killed.</summary>
    /// <value>Above zero, at most 49 days; by default 5 seconds.</value>
    public TimeSpan ExitTimeout { get; init; } = DefaultExitTimeout;

    /// <summary>
    /// Makes the serializer for inputs and results. It is not asked for primitives, strings, dates, and arrays of unmanaged types, which
    /// the library writes itself. The function is called once in this process and once in each worker: so it must be able to travel, as the
    /// troupe's function must.
    /// </summary>
    /// <value>Null, the default, for <see cref="JsonPayloadSerializer"/>.</value>
    public Func<IPayloadSerializer>? Serializer { get; init; }

    internal override void Validate(string options)
    {
        base.Validate(options);
        Check(
            options, !FlowExecutionContext, nameof(FlowExecutionContext), FlowExecutionContext,
            "must be false: an execution context cannot travel to another process; send what a task needs with its input");
        Check(
            options, WorkingDirectory is null || Directory.Exists(WorkingDirectory),
            nameof(WorkingDirectory), WorkingDirectory, "must be a directory that exists; leave it null for this process's own");
        Check(
            options, MaxWorkerMemory is null or > 0,
            nameof(MaxWorkerMemory), MaxWorkerMemory, "must be above zero; leave it null for no limit");
        Check(
            options, KillAboveMemory is null or > 0,
            nameof(KillAboveMemory), KillAboveMemory, "must be above zero; leave it null for no limit");
        CheckLimit(options, nameof(ExitTimeout), ExitTimeout);
        Check(options, StartTimeout > TimeSpan.Zero, nameof(StartTimeout), StartTimeout, "must be above zero");
    }
}
