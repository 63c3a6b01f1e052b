namespace TinyWorker.Backends.Processes;

/// <summary>The growing pause between the restarts of a worker that dies again and again.</summary>
internal static class RestartPause
{
    private const double First = 50;        // milliseconds
    private const double Longest = 5000;

    /// <param name="restart">Which since the last task that ended well: 1 for the first, which comes at once.</param>
    public static TimeSpan Before(int restart) =>
        restart <= 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(Longest, First * Math.Pow(2, restart - 2)));
}
