using TinyWorker.Threading;

namespace TinyWorker.Workers;

// When nothing is left to do. Nothing is counted for it while tasks run: whoever may have ended the last task (a loop that parks or leaves,
// or somebody who ended a task in its place) looks whether somebody waits for that, and only then at the counts.
internal sealed partial class Troupe<TIn, TOut>
{
    private readonly Lock _quietLock = new();
    private TaskCompletionSource? _quiet;   // written under _quietLock: somebody waits
    private Task? _completion;              // written under _quietLock; set once

    /// <summary>Ends at a moment when nothing waits and nothing runs.</summary>
    public async Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        RefuseInsideWorker("waited until its own troupe was idle");
        cancellationToken.ThrowIfCancellationRequested();
        Task quiet;
        using (Uninterrupted.Enter(_quietLock))
            quiet = (_quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        // A task that ends before this look is counted; whoever ends one afterwards sees that somebody waits.
        Interlocked.MemoryBarrier();
        NoticeQuiet();
        await quiet.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closed to outsiders and open to its own workers until it is idle; then it stops.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        RefuseInsideWorker("waited until its own troupe was complete");
        Task completion;
        using (Uninterrupted.Enter(_quietLock)) completion = _completion ??= Task.Run(CompleteOnceAsync, CancellationToken.None);
        await completion.WaitAsync(cancellationToken).ConfigureAwait(false);
        ThrowDisposalFault();
    }

    private async Task CompleteOnceAsync()
    {
        Core.CloseToOutsiders();
        await WhenIdleAsync(CancellationToken.None).ConfigureAwait(false);
        Core.Close();
        await _loops.Gone.ConfigureAwait(false);
        _loops.Join();
    }

    /// <summary>Perhaps no task is left.</summary>
    private void NoticeQuiet()
    {
        Interlocked.MemoryBarrier();
        // Taken before the look: who began to wait after it, with other tasks, is not told of it.
        if (Volatile.Read(ref _quiet) is not { } quiet) return;
        var now = Count(out _);
        if (now.Waiting > 0 || now.Running > 0) return;
        // An end is counted before it is published. The loop that publishes it parks, or leaves, afterwards, and looks again.
        foreach (var loop in _loops.Loops)
            if (loop.HasUnpublished) return;
        using (Uninterrupted.Enter(_quietLock))
            if (_quiet == quiet) _quiet = null;
        WakeUps.Run(static quiet => quiet.TrySetResult(), quiet);
    }
}
