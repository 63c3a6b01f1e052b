using Nito.Disposables;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Limits how many children start at the same time to the number of processors: more at once would not be ready sooner, and the first of
/// them would be later. A start ends when the child's worker is made, but soon at the latest: a start that hangs holds up no other.
/// Thread-safe.
/// </summary>
internal sealed class StartThrottle : SingleDisposable<bool>
{
    private static readonly SemaphoreSlim Slots = new(Environment.ProcessorCount);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestFactory = TimeSpan.FromMilliseconds(100);   // a longer one waits for more than a processor

    private StartThrottle(bool isTaken)
        : base(isTaken)
    {
    }

    /// <summary>Waits until a start may begin, but not too long.</summary>
    public static StartThrottle Wait(CancellationToken cancellationToken) => new(Slots.Wait(LongestWait, cancellationToken));

    /// <summary>The child has connected. Ends the start soon, if nobody does it before.</summary>
    public void EndSoon() =>
        Task.Delay(LongestFactory, TimeProvider.System).ContinueWith(
            static (_, throttle) => ((StartThrottle)throttle!).Dispose(),
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Ends the start. Called once, whoever disposes first.</summary>
    protected override void Dispose(bool isTaken)
    {
        if (isTaken) Slots.Release();
    }
}
