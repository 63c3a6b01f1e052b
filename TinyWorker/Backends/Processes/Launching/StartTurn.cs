namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// The right to start a child now. There are as many as processors: more children at once would not be there sooner, and the first of them
/// would be later. A turn lasts until the child's worker is made, but never for long: a start that hangs holds nobody up. Thread-safe.
/// </summary>
internal sealed class StartTurn
{
    private static readonly SemaphoreSlim Turns = new(Environment.ProcessorCount);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestFactory = TimeSpan.FromMilliseconds(100);   // then the worker is waiting for something else than a processor

    private bool _isTaken;   // exchanged by whoever ends it

    private StartTurn(bool isTaken) => _isTaken = isTaken;

    /// <summary>Waits for a turn, and goes on without one when that takes too long.</summary>
    public static StartTurn Wait(CancellationToken cancellationToken) => new(Turns.Wait(LongestWait, cancellationToken));

    public void End()
    {
        if (Interlocked.Exchange(ref _isTaken, false)) Turns.Release();
    }

    /// <summary>The child runs; ends the turn if nobody else does in time.</summary>
    public void EndSoon() =>
        Task.Delay(LongestFactory, TimeProvider.System).ContinueWith(
            static (_, turn) => ((StartTurn)turn!).End(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
