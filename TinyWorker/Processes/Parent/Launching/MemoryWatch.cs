using System.Globalization;
using TinyWorker.Threading;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Kills children that hold more memory than they may. One timer looks at all children of this process that have a limit, and there is no
/// timer while none has. Thread-safe.
/// </summary>
/// <remarks>
/// Children enter and leave under the lock. A look works on what was there when it began: a child that has left meanwhile has exited, and
/// killing it does nothing. The timer is set again at the end of a look, so that looks never overlap: by the look itself, or, if no child was
/// left then, by the next that enters.
/// </remarks>
internal static class MemoryWatch
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly Lock Lock = new();
    private static readonly Dictionary<SpawnedProcess, long> Limits = [];   // guarded by Lock: bytes
    private static readonly Timer Timer = new(static _ => Look(), null, Timeout.Infinite, Timeout.Infinite);
    private static bool s_isSet;   // guarded by Lock: the timer is set, or a look is under way

    /// <summary>Watches a child until it has exited.</summary>
    public static void Add(SpawnedProcess process, long limit)
    {
        using (Uninterrupted.Enter(Lock))
        {
            Limits.Add(process, limit);
            if (!s_isSet) Set_NeedsLock();
        }

        _ = process.Exited.ContinueWith(
            static (_, process) => Remove((SpawnedProcess)process!),
            process, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static void Remove(SpawnedProcess process)
    {
        using (Uninterrupted.Enter(Lock)) Limits.Remove(process);
    }

    private static void Look()
    {
        KeyValuePair<SpawnedProcess, long>[] limits;
        using (Uninterrupted.Enter(Lock)) limits = [.. Limits];
        foreach (var (process, limit) in limits)
        {
            var bytes = process.ResidentBytes;
            if (bytes <= limit) continue;
            process.Kill(
                $"it held {Megabytes(bytes)} of memory, more than the {Megabytes(limit)} of ProcessTroupeOptions.KillAboveMemory",
                "Let the task hold less memory, raise that limit, or let ProcessTroupeOptions.MaxWorkerMemory replace a worker that has grown "
                + "before it takes the next task");
        }

        using (Uninterrupted.Enter(Lock))
        {
            s_isSet = false;
            if (Limits.Count > 0) Set_NeedsLock();
        }
    }

    private static void Set_NeedsLock()
    {
        s_isSet = true;
        Timer.Change(Interval, Timeout.InfiniteTimeSpan);
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.#} MB");
}
