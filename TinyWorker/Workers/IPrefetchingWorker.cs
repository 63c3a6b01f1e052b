using System.Diagnostics;

namespace TinyWorker.Workers;

/// <summary>A worker whose code runs elsewhere, where it can be ended whatever it does. Thread-safe.</summary>
internal interface IRemoteWorker
{
    /// <summary>The process in which it runs; null while there is none.</summary>
    int? ProcessId { get; }

    /// <summary>The physical memory of that process; null while there is none.</summary>
    long? ResidentBytes { get; }

    /// <summary>Whether its process has ended. It is to be disposed then, and another made.</summary>
    bool IsLost { get; }

    /// <summary>Ends what runs: the call that is under way ends soon. Returns at once, and never throws.</summary>
    void Kill();
}

/// <summary>
/// A worker elsewhere, to which inputs are sent and from which outcomes come back. It can be sent the inputs of its next tasks while it
/// runs one: it need not wait for them. Except for <see cref="Recall"/>, everything is for its loop alone, one call at a time.
/// </summary>
internal interface IPrefetchingWorker<in TIn, TOut> : IRemoteWorker
{
    /// <summary>
    /// Called inside <see cref="Outcome"/> when prefetched tasks come back unbegun: those with numbers from the first to the last.
    /// </summary>
    Action<long, long>? PrefetchReturned { set; }

    /// <summary>Called once, by any thread, when <see cref="IRemoteWorker.IsLost"/> has become true.</summary>
    Action? Lost { set; }

    /// <summary>
    /// How many tasks it is worth to have prefetched: as many as end in a fraction of a millisecond; 0 if they take longer.
    /// </summary>
    int PrefetchLimit { get; }

    /// <summary>How many tasks have ended at it.</summary>
    long TasksEnded { get; }

    /// <summary>Whether it holds more memory than it may, and is to be replaced.</summary>
    bool IsOverweight { get; }

    /// <summary>Writes an input, to be sent with the next <see cref="Flush"/>. Throws what the input's serializer throws.</summary>
    /// <returns>The number of the task; 0 if there is no room for it now. There is always room for one.</returns>
    long Prefetch(TIn input, Activity? activity);

    /// <summary>Sends what was written. Blocks until it is sent. If the worker is gone, <see cref="Outcome"/> tells.</summary>
    void Flush();

    /// <summary>Blocks until the outcome of a task is there, while the worker runs it.</summary>
    /// <param name="number">The number of the task: the first of those that were sent and have not ended.</param>
    /// <param name="cancellationToken">Asks the task to stop.</param>
    /// <exception cref="WorkerLostException">The worker is gone. Any other exception is the task's own.</exception>
    TOut Outcome(long number, CancellationToken cancellationToken);

    /// <summary>Waits until the lost worker has ended. It is to be disposed then.</summary>
    /// <returns>Makes the exception of the task that it had, from how often that task was tried.</returns>
    Task<Func<int, WorkerCrashedException>> EndAsync(WorkerLostException lost);

    /// <summary>Asks for the tasks that have not been begun. Thread-safe.</summary>
    void Recall();
}

/// <summary>The worker is gone. What it was doing is lost.</summary>
/// <param name="wasUntouched">Whether it had read nothing of the task's input: it was gone before.</param>
/// <param name="cause">What was seen of the loss.</param>
#pragma warning disable CA1032, CA1064 // Made by a back-end, for the worker loop; it never leaves the library.
internal class WorkerLostException(bool wasUntouched, Exception? cause) : Exception("The worker process is gone.", cause)
#pragma warning restore CA1032, CA1064
{
    public bool WasUntouched => wasUntouched;
}
