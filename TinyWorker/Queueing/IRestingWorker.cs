namespace TinyWorker.Queueing;

/// <summary>A worker that has nothing to do and waits to be woken.</summary>
internal interface IRestingWorker
{
    /// <summary>Guarded by the lock of <see cref="IdleWorkers"/>.</summary>
    IRestingWorker? NextResting { get; set; }

    /// <summary>Called once for each rest, outside all locks. False if it cannot come at once, because its thread is at something else.</summary>
    bool Wake();
}
