namespace TinyWorker;

/// <summary>How a map treats order, memory, errors, progress and its end. Immutable: <c>with</c> makes a changed copy.</summary>
public sealed record MapOptions
{
    internal const int WindowPerWorker = 4;
    internal static readonly MapOptions Default = new();

    /// <summary>Whether results come in the order of the source, or as they are ready.</summary>
    /// <value>By default true.</value>
    public bool Ordered { get; init; } = true;

    /// <summary>How many items may have been read from the source and not yet been yielded, finished ones included.</summary>
    /// <value>1 or more; null, the default, for four times the troupe's workers.</value>
    public int? Window { get; init; }

    /// <summary>What to do about tasks that fail.</summary>
    /// <value>By default <see cref="MapErrors.Throw"/>. Maps that yield outcomes ignore it.</value>
    public MapErrors Errors { get; init; } = MapErrors.Throw;

    /// <summary>Is told how far the map has come. Reports come as tasks end, on the shared pool: by one thread at a time, at most ten
    /// times a second, and once at the end.</summary>
    /// <remarks>At its end a map waits for a report that is under way, but for a second at the most: if that report takes longer, the last
    /// one follows it. So the code of a report may wait for the thread that enumerates, and may leave the enumeration.</remarks>
    /// <value>By default null. An exception that it throws is raised through <see cref="TaskScheduler.UnobservedTaskException"/>.</value>
    public IProgress<MapProgress>? Progress { get; init; }

    /// <summary>How many items there will be, for <see cref="MapProgress.Total"/>. It limits nothing.</summary>
    /// <value>0 or more; null, the default, for the count of the source, if the source knows it without being read.</value>
    public long? Total { get; init; }

    /// <summary>
    /// The orderly end of a map, for Ctrl-C and deadlines. When it fires, nothing more is read; the items that were read are processed and
    /// yielded, and the map ends without an error. Tasks go on: their own tokens do not fire.
    /// </summary>
    /// <remarks>
    /// An asynchronous source is told by its token. If a read under way brings an item, the item is processed like any other; if it throws
    /// an <see cref="OperationCanceledException"/>, the source has ended. When every other item has been yielded, the map waits for the
    /// read for a second at the most. Then it ends: the source is disposed once it has answered, and what it brings is dropped. A
    /// synchronous source that blocks cannot be stopped. If the token has fired before the first MoveNext, nothing is read and the map is
    /// empty.
    /// </remarks>
    /// <value>By default a token that never fires.</value>
    public CancellationToken StopReading { get; init; }

    /// <summary>
    /// Ends the map at once with an <see cref="OperationCanceledException"/>, as a map that is left early: what is outstanding is cancelled
    /// and waited for, and no further result is yielded. The token of an asynchronous map does the same; either may fire.
    /// </summary>
    /// <value>By default a token that never fires.</value>
    public CancellationToken CancellationToken { get; init; }

    internal static MapOptions Checked(MapOptions? options)
    {
        options ??= Default;
        if (options.Window is < 1)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Window, "MapOptions.Window must be 1 or more; leave it null for four times the workers.");
        }

        if (options.Total is < 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Total, "MapOptions.Total must be 0 or more; leave it null for the count of the source.");
        }

        if (!Enum.IsDefined(options.Errors))
            throw new ArgumentOutOfRangeException(nameof(options), options.Errors, "MapOptions.Errors must be Throw or ThrowAtEnd.");
        return options;
    }
}

/// <summary>What a map does about tasks that fail. A third way is to take errors as values: <c>MapOutcomes</c>.</summary>
public enum MapErrors
{
    /// <summary>The first error ends the map, after the results before it. If ordered, those are the results of the items before it; if
    /// unordered, the results that came before it.</summary>
    Throw,

    /// <summary>The map yields every success, and then throws one <see cref="AggregateException"/> with all errors, in the order of the
    /// input; an error of the source, and one of its disposal, come last. If no task has failed, the error of the source is thrown as it
    /// is. Only a cancellation of the map itself takes the place of the errors.</summary>
    ThrowAtEnd,
}

/// <summary>How far a map has come.</summary>
/// <param name="Completed">Tasks that have ended, including those that failed.</param>
/// <param name="Faulted">Tasks that have failed or were cancelled.</param>
/// <param name="Total">How many tasks there will be; null if neither the source nor
/// <see cref="MapOptions.Total"/> tells.</param>
/// <param name="Elapsed">The time since the first item was asked for.</param>
public readonly record struct MapProgress(long Completed, long Faulted, long? Total, TimeSpan Elapsed);
