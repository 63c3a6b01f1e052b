using Microsoft.Extensions.Logging;

namespace TinyWorker;

/// <summary>
/// How a troupe is made. Immutable; a copy with differences is <c>options with { Workers = 8 }</c>. This base type lets the troupe pick its back-end: a thread for each worker where the troupe is made
/// of a synchronous function or of a worker factory, the shared pool where it is made of an asynchronous function.
/// </summary>
public record TinyTroupeOptions
{
    internal const int DefaultCapacity = 1024;
    internal const int MostWorkers = 65_536;   // more than a system has threads; so that a slip does not end in OutOfMemoryException
    internal static readonly TimeSpan DefaultCancellationGrace = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan DefaultIdleTimeout = TimeSpan.FromSeconds(60);
    internal static readonly TimeSpan DefaultStartPatience = TimeSpan.FromSeconds(30);
    internal static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(30);

    private const double LongestTimer = uint.MaxValue - 1;   // in milliseconds: what a .NET timer can do

    /// <summary>The troupe's name, in logs, thread names and errors.</summary>
    /// <value>By default <c>troupe-N</c>, counted up in this process.</value>
    public string? Name { get; init; }

    /// <summary>How many workers, at the most; see <see cref="MinWorkers"/>.</summary>
    /// <value>From 1 to 65,536; by default <see cref="Environment.ProcessorCount"/>.</value>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>
    /// How many workers the troupe keeps though it has nothing to do. The others are made when tasks wait and no worker is free, one at a
    /// time, and leave after <see cref="IdleTimeout"/>. A factory that never returns holds up the others: set <see cref="MakeTimeout"/>.
    /// </summary>
    /// <value>From 0 to <see cref="Workers"/>; null, the default, for as many as <see cref="Workers"/>, also after a
    /// <see cref="TinyTroupe{TIn, TOut}.Resize"/>. With 0 the first task waits for the start of a worker.</value>
    public int? MinWorkers { get; init; }

    /// <summary>How long a worker above <see cref="MinWorkers"/> waits for a task before it leaves and is disposed.</summary>
    /// <value>Above zero, at most 49 days; <see cref="Timeout.InfiniteTimeSpan"/> for never. By default 60 seconds.</value>
    public TimeSpan IdleTimeout { get; init; } = DefaultIdleTimeout;

    /// <summary>How many tasks may be accepted and not yet started by a worker, those that wait for an unfinished input included.</summary>
    /// <value>1 or more; by default 1024.</value>
    public int Capacity { get; init; } = DefaultCapacity;

    /// <summary>
    /// How long one attempt of a task may take, from its start in a worker. Then its token fires, and the task faults with a
    /// <see cref="TimeoutException"/> when it has stopped, or after <see cref="CancellationGrace"/>.
    /// </summary>
    /// <remarks>Timers call on the shared thread pool: while the pool is starved, a timeout and the grace come late, also on thread
    /// troupes.</remarks>
    /// <value>Above zero, at most 49 days; null, the default, for no limit.</value>
    public TimeSpan? TaskTimeout { get; init; }

    /// <summary>
    /// How long a task may go on after its token has fired. Then its future ends in any case, and its worker is hung; see
    /// <see cref="ReplaceHungWorkers"/>. A worker process is killed and replaced.
    /// </summary>
    /// <value>Zero or more, at most 49 days; <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever. By default 1 second.</value>
    public TimeSpan CancellationGrace { get; init; } = DefaultCancellationGrace;

    /// <summary>
    /// Whether a worker in this process that does not stop is given up, and another takes its place. It cannot be ended: it goes on in the
    /// background, and uses what it holds beside the worker that replaced it.
    /// </summary>
    /// <value>Null, the default: yes for functions; no for workers from a factory, which own something. A worker that is not replaced stays
    /// in its place, counts as hung, and takes tasks again once it has come back.</value>
    public bool? ReplaceHungWorkers { get; init; }

    /// <summary>
    /// How often a task may be tried before it faults. A task is tried again if its worker process died, or if <see cref="RetryWhen"/>
    /// says so.
    /// </summary>
    /// <value>1 or more; by default 1.</value>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>
    /// For which exceptions of a task it is run again, by whichever worker is free, and before younger tasks; as often as
    /// <see cref="MaxAttempts"/> allows. It is called by the worker, quickly and without locks; if it throws, the task faults with its own
    /// exception. A task that was cancelled or has timed out is not run again.
    /// </summary>
    /// <value>By default null: no exception is a reason.</value>
    public Func<Exception, bool>? RetryWhen { get; init; }

    /// <summary>
    /// How long to wait before a task is run again because of <see cref="RetryWhen"/>. Doubled with each attempt, up to 30 seconds, and
    /// multiplied by a random factor of 0.5 to 1.5. The task holds no worker meanwhile.
    /// </summary>
    /// <value>Zero, the default, to 30 seconds.</value>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>
    /// For which exceptions of a task its worker is spoiled (a lost connection): the task faults, or is run again, and a fresh worker takes
    /// the place of this one, which is disposed. It is called by the worker, quickly and without locks; if it throws, the worker stays.
    /// </summary>
    /// <value>By default null: no exception is a reason.</value>
    public Func<Exception, bool>? ReplaceWorkerWhen { get; init; }

    /// <summary>
    /// How long tasks wait for a worker while none lives because none could be made again, in a troupe that has been ready before; from the
    /// first failed try. Then what waits and what comes faults with a <see cref="WorkerStartException"/>, until a worker could be made again.
    /// </summary>
    /// <value>Zero or more, at most 49 days; <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever. By default 30 seconds.</value>
    public TimeSpan StartPatience { get; init; } = DefaultStartPatience;

    /// <summary>
    /// How long it may take to make a worker: its factory, its constructor and its <c>StartAsync</c>. Then the try has failed. A worker
    /// process is killed; elsewhere the thread is abandoned, since it cannot be ended. An inline troupe has no other thread: there a factory
    /// or a constructor that blocks cannot be given up.
    /// </summary>
    /// <value>Above zero, at most 49 days; null, the default, for no limit.</value>
    public TimeSpan? MakeTimeout { get; init; }

    /// <summary>
    /// Whether the submitter's <see cref="ExecutionContext"/>, with its <see cref="AsyncLocal{T}"/> values and its culture, flows into the
    /// task. The activity (<see cref="System.Diagnostics.Activity.Current"/>) does in any case.
    /// </summary>
    /// <remarks>What a task changes in the context is gone when the task has ended, as in a <c>Task.Run</c>. In a chain each task runs in
    /// the context in which it was submitted. A troupe of processes refuses true: a context cannot travel.</remarks>
    /// <value>By default false: the worker outlives the submitter.</value>
    public bool FlowExecutionContext { get; init; }

    /// <summary>
    /// After how many tasks a worker is replaced by a fresh one; against leaks in what it owns. The old worker is disposed first. If its
    /// disposal never ends, it is never replaced, and only an abort ends that wait.
    /// </summary>
    /// <value>1 or more; null, the default, for never.</value>
    public int? MaxTasksPerWorker { get; init; }

    /// <summary>Where the troupe logs.</summary>
    /// <value>By default nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock of timeouts and of the grace.</summary>
    /// <value>By default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first option that is out of range.</summary>
    /// <param name="options">The name of the parameter that holds the options.</param>
    internal virtual void Validate(string options)
    {
        Check(
            options, Name is null || !string.IsNullOrWhiteSpace(Name),
            nameof(Name), Name, "must not be empty; leave it null for a default");
        Check(options, Workers is >= 1 and <= MostWorkers, nameof(Workers), Workers, "must be from 1 to 65,536");
        Check(options, Capacity is >= 1 and < 1 << 30, nameof(Capacity), Capacity, "must be from 1 to 1,073,741,823");
        Check(
            options, MinWorkers is null || (MinWorkers >= 0 && MinWorkers <= Workers),
            nameof(MinWorkers), MinWorkers, $"must be from 0 to Workers, which is {Workers}; leave it null for as many");
        Check(
            options,
            IdleTimeout == Timeout.InfiniteTimeSpan || (IdleTimeout > TimeSpan.Zero && IdleTimeout.TotalMilliseconds < LongestTimer),
            nameof(IdleTimeout), IdleTimeout, "must be above zero and at most 49 days, or Timeout.InfiniteTimeSpan");
        CheckLimit(options, nameof(TaskTimeout), TaskTimeout);
        CheckLimit(options, nameof(MakeTimeout), MakeTimeout);
        CheckPatience(options, nameof(CancellationGrace), CancellationGrace);
        CheckPatience(options, nameof(StartPatience), StartPatience);
        Check(
            options, RetryDelay >= TimeSpan.Zero && RetryDelay <= LongestRetryDelay,
            nameof(RetryDelay), RetryDelay, "must be from zero to 30 seconds");
        Check(options, MaxAttempts >= 1, nameof(MaxAttempts), MaxAttempts, "must be 1 or more");
        Check(
            options, MaxTasksPerWorker is null or >= 1,
            nameof(MaxTasksPerWorker), MaxTasksPerWorker, "must be 1 or more; leave it null for never");
        Check(options, TimeProvider is not null, nameof(TimeProvider), TimeProvider, "must not be null");
    }

    /// <summary>Throws if a limit of time cannot be.</summary>
    internal static void CheckLimit(string parameter, string type, string name, TimeSpan? limit)
    {
        if (limit is not { } span || span == Timeout.InfiniteTimeSpan) return;
        if (span > TimeSpan.Zero && span.TotalMilliseconds < LongestTimer) return;
        throw new ArgumentOutOfRangeException(
            parameter, limit, $"{type}.{name} must be above zero and at most 49 days; leave it null for no limit.");
    }

    private protected void CheckLimit(string options, string name, TimeSpan? limit) => CheckLimit(options, GetType().Name, name, limit);

    private protected void CheckPatience(string options, string name, TimeSpan patience) => Check(
        options,
        patience == Timeout.InfiniteTimeSpan || (patience >= TimeSpan.Zero && patience.TotalMilliseconds < LongestTimer),
        name, patience, "must be from zero to 49 days, or Timeout.InfiniteTimeSpan");

    private protected void Check(string options, bool holds, string name, object? value, string rule)
    {
        if (!holds) throw new ArgumentOutOfRangeException(options, value, $"{GetType().Name}.{name} {rule}.");
    }
}
