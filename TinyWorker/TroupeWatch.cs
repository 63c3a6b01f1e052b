using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker;

/// <summary>
/// Somebody who watches a troupe, for a dashboard; see <see cref="TroupeWatchExtensions.Watch"/>. While somebody does, a few tasks are
/// measured; while nobody does, none of it costs anything.
/// </summary>
/// <remarks>
/// Thread-safe. Dispose it: one that was dropped ends when the garbage collector finds it. It does not keep the troupe alive. When the
/// troupe has ended, it can still be read.
/// </remarks>
public sealed class TroupeWatch : IDisposable
{
    private readonly WeakReference<IWatchedTroupe>? _troupe;   // null if there is nothing to see
    private readonly TaskSampling? _sampling;                  // joined by this watch until it is disposed
    private readonly Lock _lock = new();
    private SamplingCursor _cursor;                         // guarded by _lock: how far this watch has read
    private Dictionary<int, SeenTask> _seen = [];           // guarded by _lock: by worker, the task that it ran at the last look
    private int _isDisposed;

    internal TroupeWatch(IWatchedTroupe? troupe)
    {
        if (troupe is null) return;
        _troupe = new WeakReference<IWatchedTroupe>(troupe);
        _sampling = troupe.BeginWatch();
        _cursor = _sampling.Now();
    }

    /// <summary>It was dropped without being disposed.</summary>
    // The weak reference may be gone already. So the troupe is not told: it finds out when the next task is submitted.
    ~TroupeWatch() => _sampling?.Leave();

    /// <summary>What came since it was read before, or since it was made. Takes a moment, whatever the tasks do.</summary>
    /// <returns>The observation.</returns>
    /// <exception cref="ObjectDisposedException">The watch was disposed.</exception>
    public TroupeObservation Read()
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        if (_sampling is null) return TaskSampling.Nothing;
        using (Uninterrupted.Enter(_lock))
        {
            var observation = _sampling.Since(ref _cursor);
            return _troupe!.TryGetTarget(out var troupe) ? observation with { LongestRunning = Look_NeedsLock(troupe) } : observation;
        }
    }

    /// <summary>Ends the watch. The troupe stops measuring if nobody else watches it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        GC.SuppressFinalize(this);
        _sampling?.Leave();
        if (_troupe is not null && _troupe.TryGetTarget(out var troupe)) troupe.EndWatch();
    }

    // Nothing is measured for it: a task that is the same as at the look before has been running since then at least.
    private RunningTask? Look_NeedsLock(IWatchedTroupe troupe)
    {
        var now = troupe.TimeProvider.GetTimestamp();
        var seen = new Dictionary<int, SeenTask>();
        SeenTask? longest = null;
        foreach (var (worker, task) in troupe.RunningTasks())
        {
            var isSame = _seen.TryGetValue(worker, out var before) && before.Task == task;
            var one = seen[worker] = isSame ? before : new SeenTask(worker, task, now);
            if (isSame && !(longest?.Since <= one.Since)) longest = one;
        }

        _seen = seen;
        if (longest is not { } found) return null;
        return new RunningTask(found.Worker, troupe.TimeProvider.GetElapsedTime(found.Since, now)) { Number = found.Task };
    }

    private readonly record struct SeenTask(int Worker, long Task, long Since);
}
