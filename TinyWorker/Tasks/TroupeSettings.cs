using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tasks;

/// <summary>The validated options of a troupe, as the inside reads them.</summary>
internal sealed record TroupeSettings
{
    private static int s_unnamed;   // how many troupes of this process had no name of their own

    public required string Name { get; init; }

    /// <summary>Whether a task may be given to a second worker.</summary>
    public bool MayRunAgain { get; init; }

    /// <summary>How many workers the troupe may have at first; see <see cref="IWorkerSet{TIn, TOut}.Most"/>.</summary>
    public required int Workers { get; init; }

    /// <inheritdoc cref="TinyTroupeOptions.MinWorkers"/>
    public int? MinWorkers { get; init; }

    /// <inheritdoc cref="TinyTroupeOptions.IdleTimeout"/>
    public TimeSpan IdleTimeout { get; init; } = TinyTroupeOptions.DefaultIdleTimeout;

    public required int Capacity { get; init; }

    /// <summary>How long one attempt of a task may take; null for no limit.</summary>
    public TimeSpan? TaskTimeout { get; init; }

    public TimeSpan CancellationGrace { get; init; } = TinyTroupeOptions.DefaultCancellationGrace;

    /// <inheritdoc cref="TinyTroupeOptions.ReplaceHungWorkers"/>
    public bool? ReplaceHungWorkers { get; init; }

    public int MaxAttempts { get; init; } = 1;

    public Func<Exception, bool>? RetryWhen { get; init; }

    public TimeSpan RetryDelay { get; init; }

    public Func<Exception, bool>? ReplaceWorkerWhen { get; init; }

    public TimeSpan StartPatience { get; init; } = TinyTroupeOptions.DefaultStartPatience;

    /// <summary>How long it may take to make a worker; null for no limit.</summary>
    public TimeSpan? MakeTimeout { get; init; }

    public bool FlowExecutionContext { get; init; }

    /// <summary>After how many tasks a worker is replaced; <see cref="long.MaxValue"/> for never.</summary>
    public long MaxTasksPerWorker { get; init; } = long.MaxValue;

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    public ILogger Logger
    {
        get => field ?? NullLogger.Instance;
        init;
    }

    /// <summary>Whether the meter and the spans see this troupe. Not inside a worker process: the parent counts the same tasks.</summary>
    public bool IsObserved { get; init; } = true;

    /// <param name="options">Options that were validated.</param>
    public static TroupeSettings Of(TinyTroupeOptions options)
    {
        var name = options.Name ?? $"troupe-{Interlocked.Increment(ref s_unnamed)}";
        var logger = LoggerOf(options.LoggerFactory);
        return new TroupeSettings
        {
            Name = name,
            MayRunAgain = options.MaxAttempts > 1 || options is ProcessTroupeOptions,
            Workers = options.Workers,
            MinWorkers = options.MinWorkers,
            IdleTimeout = options.IdleTimeout,
            Capacity = options.Capacity,
            TaskTimeout = LimitOf(options.TaskTimeout),
            CancellationGrace = options.CancellationGrace,
            ReplaceHungWorkers = options.ReplaceHungWorkers,
            MaxAttempts = options.MaxAttempts,
            RetryWhen = options.RetryWhen,
            RetryDelay = options.RetryDelay,
            ReplaceWorkerWhen = options.ReplaceWorkerWhen,
            StartPatience = options.StartPatience,
            MakeTimeout = LimitOf(options.MakeTimeout),
            FlowExecutionContext = options.FlowExecutionContext,
            MaxTasksPerWorker = options.MaxTasksPerWorker ?? long.MaxValue,
            TimeProvider = GuardedClock.Of(options.TimeProvider, logger, name),
            Logger = logger,
        };
    }

    private static TimeSpan? LimitOf(TimeSpan? limit) => limit == Timeout.InfiniteTimeSpan ? null : limit;

    public static ILogger LoggerOf(ILoggerFactory? factory) =>
        factory is null ? NullLogger.Instance : new SafeLogger(factory.CreateLogger("TinyWorker.TinyTroupe"));
}
