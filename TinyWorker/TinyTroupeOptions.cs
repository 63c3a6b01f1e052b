using Microsoft.Extensions.Logging;

namespace TinyWorker;

/// <summary>
/// How a troupe is made. Immutable. This base type lets the troupe pick its back-end: a thread for each worker where the troupe is made
/// of a synchronous function or of a worker factory, the shared pool where it is made of an asynchronous function.
/// </summary>
public class TinyTroupeOptions
{
    internal const int DefaultCapacity = 1024;
    internal static readonly TimeSpan DefaultCancellationGrace = TimeSpan.FromSeconds(1);

    /// <summary>The troupe's name, in logs, thread names and errors.</summary>
    /// <value>By default <c>troupe-N</c>, counted up in this process.</value>
    public string? Name { get; init; }

    /// <summary>How many workers.</summary>
    /// <value>1 or more; by default <see cref="Environment.ProcessorCount"/>.</value>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How many tasks may be accepted and not yet started by a worker, those that wait for an unfinished input included.</summary>
    /// <value>1 or more; by default 1024.</value>
    public int Capacity { get; init; } = DefaultCapacity;

    /// <summary>
    /// How long a task may run, from its start. Then its token fires, and it faults with a <see cref="TimeoutException"/> when it has
    /// stopped, or when its worker was given up after <see cref="CancellationGrace"/>.
    /// </summary>
    /// <remarks>Timers call on the shared thread pool: while the pool is starved, a timeout and the grace come late, on thread troupes too.</remarks>
    /// <value>Above zero, at most 49 days; null, the default, for no limit.</value>
    public TimeSpan? TaskTimeout { get; init; }

    /// <summary>How long a task may go on after its token has fired. Then its worker is given up and replaced by a fresh one.</summary>
    /// <value>Zero or more, at most 49 days; <see cref="Timeout.InfiniteTimeSpan"/> to wait for ever. By default 1 second.</value>
    public TimeSpan CancellationGrace { get; init; } = DefaultCancellationGrace;

    /// <summary>How many workers a task may cost before it is given up. Inside one process a worker cannot die alone, so the back-ends
    /// of this process never make a second attempt.</summary>
    /// <value>1 or more; by default 1.</value>
    public int MaxAttempts { get; init; } = 1;

    /// <summary>After how many tasks a worker is replaced by a fresh one; against leaks in what it holds. The old one is disposed first: one
    /// whose disposal never ends is never replaced, and only an abort gets past it.</summary>
    /// <value>1 or more; null, the default, for never.</value>
    public int? MaxTasksPerWorker { get; init; }

    /// <summary>Where the troupe logs.</summary>
    /// <value>By default nowhere.</value>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The clock of timeouts and of the grace.</summary>
    /// <value>By default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first value that cannot be.</summary>
    /// <param name="options">The name of the parameter that the options came by.</param>
    internal virtual void Validate(string options)
    {
        const double LongestTimer = uint.MaxValue - 1;   // in milliseconds: what a .NET timer can do
        Check(options, Name is null || !string.IsNullOrWhiteSpace(Name), nameof(Name), Name, "must not be empty; leave it null for a default");
        Check(options, Workers >= 1, nameof(Workers), Workers, "must be 1 or more");
        Check(options, Capacity is >= 1 and < 1 << 30, nameof(Capacity), Capacity, "must be from 1 to 1,073,741,823");
        Check(
            options,
            TaskTimeout is not { } timeout || timeout == Timeout.InfiniteTimeSpan || (timeout > TimeSpan.Zero && timeout.TotalMilliseconds < LongestTimer),
            nameof(TaskTimeout), TaskTimeout, "must be above zero and at most 49 days; leave it null for no limit");
        Check(
            options,
            CancellationGrace == Timeout.InfiniteTimeSpan || (CancellationGrace >= TimeSpan.Zero && CancellationGrace.TotalMilliseconds < LongestTimer),
            nameof(CancellationGrace), CancellationGrace, "must be from zero to 49 days, or Timeout.InfiniteTimeSpan");
        Check(options, MaxAttempts >= 1, nameof(MaxAttempts), MaxAttempts, "must be 1 or more");
        Check(options, MaxTasksPerWorker is null or >= 1, nameof(MaxTasksPerWorker), MaxTasksPerWorker, "must be 1 or more; leave it null for never");
        Check(options, TimeProvider is not null, nameof(TimeProvider), TimeProvider, "must not be null");
    }

    private protected void Check(string options, bool holds, string name, object? value, string rule)
    {
        if (!holds) throw new ArgumentOutOfRangeException(options, value, $"{GetType().Name}.{name} {rule}.");
    }
}
