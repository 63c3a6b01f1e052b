namespace TinyWorker;

/// <summary>How a map treats order, memory, errors and progress. Immutable.</summary>
public sealed class MapOptions
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
    /// <value>By default <see cref="MapErrors.Throw"/>. Maps whose results are outcomes do not look at it.</value>
    public MapErrors Errors { get; init; } = MapErrors.Throw;

    /// <summary>Told how far the map has come, as tasks finish, on the shared pool: by one thread at a time, at most ten times a second, and
    /// once at the end.</summary>
    /// <value>By default null. What it throws is raised through <see cref="TaskScheduler.UnobservedTaskException"/>.</value>
    public IProgress<MapProgress>? Progress { get; init; }

    internal static MapOptions Checked(MapOptions? options)
    {
        options ??= Default;
        if (options.Window is < 1)
            throw new ArgumentOutOfRangeException(nameof(options), options.Window, "MapOptions.Window must be 1 or more; leave it null for four times the workers.");
        if (!Enum.IsDefined(options.Errors))
            throw new ArgumentOutOfRangeException(nameof(options), options.Errors, "MapOptions.Errors must be Throw or ThrowAtEnd.");
        return options;
    }
}
