namespace TinyWorker.Hosting;

/// <summary>
/// How a troupe of an application is made: the options of the core, as they can be said in code and in the section
/// <c>TinyTroupes:{name}</c> of the configuration. What the configuration says wins over what the code says, so that operators can tune.
/// </summary>
/// <remarks>
/// These are named options: <c>Configure&lt;TinyTroupeSettings&gt;(name, ...)</c> and <c>ConfigureAll&lt;TinyTroupeSettings&gt;(...)</c>
/// change them, too. They are read once, when the troupe is made; a later change of the configuration changes nothing. Not thread-safe: to
/// be changed only where the application is configured. The logger factory and the clock of a troupe are those of the container
/// (<c>ILoggerFactory</c>, <see cref="TimeProvider"/>); its name is the one that it was added with.
/// A value that cannot be fails the start of the host.
/// </remarks>
public sealed class TinyTroupeSettings
{
    /// <summary>Where the workers run.</summary>
    /// <value>By default <see cref="TroupeBackend.Default"/>. In the configuration its name, such as <c>"Pool"</c>.</value>
    public TroupeBackend Backend { get; set; }

    /// <summary>Whether the host's start waits until every worker has been made, and fails if one cannot be.</summary>
    /// <value>By default true. If false, a worker that cannot be made breaks the troupe, and the health check says so.</value>
    public bool WaitUntilReady { get; set; } = true;

    /// <inheritdoc cref="TinyTroupeOptions.Workers"/>
    public int Workers { get; set; } = System.Environment.ProcessorCount;

    /// <inheritdoc cref="TinyTroupeOptions.MinWorkers"/>
    public int? MinWorkers { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.IdleTimeout"/>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <inheritdoc cref="TinyTroupeOptions.Capacity"/>
    public int Capacity { get; set; } = 1024;

    /// <inheritdoc cref="TinyTroupeOptions.TaskTimeout"/>
    public TimeSpan? TaskTimeout { get; set; }

    /// <summary>
    /// How long a task may go on after its token has fired. Then its future ends in any case, and its worker is hung; see
    /// <see cref="ReplaceHungWorkers"/>. A worker process is killed and replaced.
    /// </summary>
    /// <value>Zero or more, at most 49 days; <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever. By default 1 second. In a host it
    /// must be zero, or less than half of <c>HostOptions.ShutdownTimeout</c>, so that what is aborted at the end still ends in time.</value>
    public TimeSpan CancellationGrace { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Whether a worker in this process that does not stop is given up, and another takes its place. It cannot be ended: it goes on in the
    /// background, and uses what it holds beside the worker that replaced it.
    /// </summary>
    /// <value>Null, the default: yes for functions; no for workers of a class or of a factory, which own something.</value>
    public bool? ReplaceHungWorkers { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.MaxAttempts"/>
    public int MaxAttempts { get; set; } = 1;

    /// <inheritdoc cref="TinyTroupeOptions.RetryWhen"/>
    /// <remarks>In code only.</remarks>
    public Func<Exception, bool>? RetryWhen { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.RetryDelay"/>
    public TimeSpan RetryDelay { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.ReplaceWorkerWhen"/>
    /// <remarks>In code only.</remarks>
    public Func<Exception, bool>? ReplaceWorkerWhen { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.StartPatience"/>
    public TimeSpan StartPatience { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc cref="TinyTroupeOptions.MakeTimeout"/>
    public TimeSpan? MakeTimeout { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.FlowExecutionContext"/>
    public bool FlowExecutionContext { get; set; }

    /// <inheritdoc cref="TinyTroupeOptions.MaxTasksPerWorker"/>
    public int? MaxTasksPerWorker { get; set; }

    /// <summary>The size of each thread's stack, in bytes. For the back-end <see cref="TroupeBackend.Threads"/> only.</summary>
    /// <value>131,072 (128 KB) or more; null, the default, for the process's own default.</value>
    public int? MaxStackSize { get; set; }

    /// <summary>The threads' priority. For the back-end <see cref="TroupeBackend.Threads"/> only.</summary>
    /// <value>Null, the default, for <see cref="ThreadPriority.Normal"/>.</value>
    public ThreadPriority? Priority { get; set; }

    /// <summary>
    /// Returns environment variables for a worker process; null removes one. It is called in this process, before each start. In code only,
    /// and for the back-end <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Null, the default, for none.</value>
    public Func<WorkerInfo, IReadOnlyDictionary<string, string?>>? Environment { get; set; }

    /// <summary>The working directory of the worker processes. For the back-end <see cref="TroupeBackend.Processes"/> only.</summary>
    /// <value>A directory that exists; null, the default, for this process's own.</value>
    public string? WorkingDirectory { get; set; }

    /// <summary>
    /// How much physical memory, in bytes, a worker process may hold after a task. One that holds more is replaced. For the back-end
    /// <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Above zero; null, the default, for no limit.</value>
    public long? MaxWorkerMemory { get; set; }

    /// <summary>
    /// How much physical memory, in bytes, a worker process may hold while it runs a task. One that holds more is killed, and its task
    /// faults with a <see cref="WorkerCrashedException"/>. For the back-end <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Above zero; null, the default, for no limit.</value>
    public long? KillAboveMemory { get; set; }

    /// <summary>
    /// How long a worker's process may take to start and to connect. For the back-end <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Above zero; null, the default, for 30 seconds.</value>
    public TimeSpan? StartTimeout { get; set; }

    /// <summary>
    /// How long a worker's process may take to exit, once its worker was disposed. Then it is killed. For the back-end
    /// <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Above zero, at most 49 days; null, the default, for 5 seconds.</value>
    public TimeSpan? ExitTimeout { get; set; }

    /// <summary>
    /// Makes the serializer for inputs and results of worker processes; it must be able to travel to them, as
    /// <see cref="ProcessTroupeOptions.Serializer"/> says. In code only, and for the back-end <see cref="TroupeBackend.Processes"/> only.
    /// </summary>
    /// <value>Null, the default, for <see cref="JsonPayloadSerializer"/>.</value>
    public Func<IPayloadSerializer>? Serializer { get; set; }

    /// <summary>What the configuration says and cannot be; told all at once when the settings are validated.</summary>
    internal List<string> Problems { get; } = [];
}
