namespace TinyWorker.Workers;

/// <summary>
/// How often the first worker of a place is tried, and how long the troupe pauses between the tries. A worker that takes the place of
/// another is tried until it is made, or no task can come any more.
/// </summary>
internal sealed class RestartPolicy
{
    /// <summary>Workers in this process: a factory that fails at the start of the troupe is a mistake, and fails at once.</summary>
    public static readonly RestartPolicy InProcess = new(triesAtStart: 1);

    /// <summary>Worker processes: a start can fail because of what happens outside this process.</summary>
    public static readonly RestartPolicy ChildProcess = new(triesAtStart: 3);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private RestartPolicy(int triesAtStart) => TriesAtStart = triesAtStart;

    public int TriesAtStart { get; }

    /// <summary>
    /// The pause after so many failures in a row: 0.1 seconds after the first, doubled each time, 30 seconds at the most; times 0.5 to 1.5,
    /// so that the workers of many troupes do not all try at the same moment.
    /// </summary>
    public static TimeSpan PauseAfter(int failures) => failures <= 0 ? TimeSpan.Zero : Growing(FirstPause, failures, LongestPause);

    /// <summary>The pause before a task is run again, after so many attempts.</summary>
    public static TimeSpan RetryPause(TimeSpan first, int attempts) =>
        first <= TimeSpan.Zero ? TimeSpan.Zero : Growing(first, attempts, TinyTroupeOptions.LongestRetryDelay);

    private static TimeSpan Growing(TimeSpan first, int times, TimeSpan longest)
    {
        var pause = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, times - 1));
        return TimeSpan.FromMilliseconds(pause * (0.5 + Random.Shared.NextDouble()));
    }
}

/// <summary>Why a worker is replaced, in a word: for the log and the meter.</summary>
internal static class RestartReason
{
    /// <summary>It did not stop when it was asked to, and was abandoned.</summary>
    public const string Abandoned = "abandoned";

    /// <summary>It could not be made in time, or the system gave no thread for it.</summary>
    public const string NotMade = "not made";

    /// <summary>Its process did not stop when it was asked to, and was killed.</summary>
    public const string Killed = "killed";

    /// <summary>Its process is gone.</summary>
    public const string Lost = "lost";

    /// <summary>Its process held more memory than it may.</summary>
    public const string Overweight = "overweight";

    /// <summary>It has run as many tasks as it may.</summary>
    public const string Recycled = "recycled";

    /// <summary>An operator asked for it.</summary>
    public const string Requested = "requested";

    /// <summary>A task's exception said that it is spoiled.</summary>
    public const string Spoiled = "spoiled";
}
