namespace TinyWorker;

/// <summary>How the batches of a troupe are formed; see <c>Batched</c>. Immutable.</summary>
public sealed record BatchOptions
{
    private const double LongestTimer = uint.MaxValue - 1;   // in milliseconds: what a .NET timer can do

    /// <summary>How many items a batch has at the most.</summary>
    /// <value>1 or more; by default 32.</value>
    public int MaxSize { get; init; } = 32;

    /// <summary>How long the first item of a batch waits for others, although a worker may be free.</summary>
    /// <value>Zero, the default, to 49 days. With zero no item waits while a worker is free.</value>
    public TimeSpan MaxDelay { get; init; }

    /// <summary>How many items may be accepted and not yet be in a batch that a worker runs.</summary>
    /// <value>1 or more; by default 1024.</value>
    public int Capacity { get; init; } = TinyTroupeOptions.DefaultCapacity;

    /// <summary>
    /// Whether a batch that faults is split in halves, which are run again, until only those items have faulted that do so by themselves.
    /// </summary>
    /// <value>By default false: the fault is that of every item in the batch.</value>
    public bool IsolateFaults { get; init; }

    /// <summary>The clock of <see cref="MaxDelay"/>.</summary>
    /// <value>Null, the default, for that of the inner troupe.</value>
    public TimeProvider? TimeProvider { get; init; }

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first option that is out of range.</summary>
    /// <param name="options">The name of the parameter that holds the options.</param>
    internal void Validate(string options)
    {
        Check(options, MaxSize >= 1, nameof(MaxSize), MaxSize, "must be 1 or more");
        Check(
            options, MaxDelay >= TimeSpan.Zero && MaxDelay.TotalMilliseconds < LongestTimer,
            nameof(MaxDelay), MaxDelay, "must be from zero to 49 days");
        Check(options, Capacity is >= 1 and < 1 << 30, nameof(Capacity), Capacity, "must be from 1 to 1,073,741,823");
    }

    private static void Check(string options, bool holds, string name, object? value, string rule)
    {
        if (!holds) throw new ArgumentOutOfRangeException(options, value, $"{nameof(BatchOptions)}.{name} {rule}.");
    }
}
