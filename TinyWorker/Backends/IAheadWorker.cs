using System.Diagnostics;

namespace TinyWorker.Backends;

/// <summary>
/// A worker elsewhere, to which inputs go by themselves and from which outcomes come back: so it can be handed the inputs of its next tasks
/// while it is at one, and need not wait for them. But for <see cref="Recall"/>, everything is for its loop alone, one call at a time.
/// </summary>
internal interface IAheadWorker<in TIn, TOut> : IRemoteWorker
{
    /// <summary>Called inside <see cref="OutcomeAsync"/> when handed tasks come back unbegun: those with numbers from the first to the last.</summary>
    Action<long, long>? Returned { set; }

    /// <summary>How many tasks it is worth to have handed: as many as it ends in a fraction of a millisecond; 0 if they take longer.</summary>
    int Reach { get; }

    /// <summary>How many tasks have ended at the one that is there now; one that took another's place begins anew.</summary>
    long TasksEnded { get; }

    /// <summary>Whether there is somebody to hand tasks to. There is not while one that died is being replaced.</summary>
    bool IsReady { get; }

    /// <summary>Waits until there is somebody, or the other task ends. False if there never will be.</summary>
    ValueTask<bool> TryWaitUntilReadyAsync(Task orUntil);

    /// <summary>Waits until there is somebody to hand tasks to. To be called when none is handed.</summary>
    ValueTask ReadyAsync(CancellationToken cancellationToken);

    /// <summary>Writes an input, to be sent with the next <see cref="Flush"/>. Throws what the input's serializer throws.</summary>
    /// <returns>The number of the task; 0 if there is no room for it now. There is always room for one.</returns>
    long Hand(TIn input, Activity? activity);

    /// <summary>Sends what was handed. Blocks until it has gone. That the worker is gone shows in its outcome.</summary>
    void Flush();

    /// <summary>Waits for the outcome of a task, and blocks while a worker is at it. If that dies, the task may be given to another.</summary>
    /// <param name="number">Its number: the first of those that are handed.</param>
    /// <param name="input">Its input.</param>
    /// <param name="activity">The activity under which it was submitted.</param>
    /// <param name="cancellationToken">Asks it to stop.</param>
    ValueTask<TOut> OutcomeAsync(long number, TIn input, Activity? activity, CancellationToken cancellationToken);

    /// <summary>Asks for what has not been begun. Thread-safe.</summary>
    void Recall();
}
