namespace TinyWorker.Tasks;

/// <summary>What a task asked for when it was submitted, if it asked for anything; see <see cref="SubmitOptions"/>.</summary>
internal sealed class SubmitTerms
{
    /// <summary>The task is for every worker.</summary>
    public const int NoPlace = -1;

    /// <inheritdoc cref="SubmitOptions.Priority"/>
    public int Priority { get; init; }

    /// <inheritdoc cref="SubmitOptions.Key"/>
    public string? Key { get; init; }

    /// <summary>The place whose worker is to run the task; <see cref="NoPlace"/> for none in particular.</summary>
    public int Place { get; init; } = NoPlace;

    /// <inheritdoc cref="SubmitOptions.Timeout"/>
    public TimeSpan? Timeout { get; init; }

    /// <inheritdoc cref="SubmitOptions.Deadline"/>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Whether the submitter's token ends the wait for room only, and leaves the task alone.</summary>
    public bool IsTokenForRoom { get; private init; }

    /// <summary>An <see cref="IDeferredInput{TIn, TOut}"/> whose input was not made yet; null for a task that came with its input. Written
    /// by the worker loop that has the task.</summary>
    public object? DeferredInput { get; set; }

    /// <summary>Whether only one worker may take it.</summary>
    public bool IsForOneWorker => Key is not null || Place != NoPlace;

    /// <summary>Whether it goes into the queue in another way than those that ask for nothing.</summary>
    public bool IsBeside => Priority != 0 || IsForOneWorker;

    /// <summary>The terms of these options; null if they ask for nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit of time cannot be.</exception>
    public static SubmitTerms? Of(in SubmitOptions options) => options == default ? null : Of(options, isTokenForRoom: false);

    /// <inheritdoc cref="Of(in SubmitOptions)"/>
    public static SubmitTerms Of(in SubmitOptions options, bool isTokenForRoom)
    {
        TinyTroupeOptions.CheckLimit(nameof(options), nameof(SubmitOptions), nameof(SubmitOptions.Timeout), options.Timeout);
        TinyTroupeOptions.CheckLimit(nameof(options), nameof(SubmitOptions), nameof(SubmitOptions.Deadline), options.Deadline);
        return new SubmitTerms
        {
            IsTokenForRoom = isTokenForRoom,
            Priority = options.Priority,
            Key = options.Key,
            Timeout = options.Timeout,
            Deadline = options.Deadline == System.Threading.Timeout.InfiniteTimeSpan ? null : options.Deadline,
        };
    }
}
