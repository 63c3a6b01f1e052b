namespace TinyWorker.Hosting;

/// <summary>Where the workers of a troupe run.</summary>
public enum TroupeBackend
{
    /// <summary>On threads for synchronous functions and for workers, on the pool for asynchronous functions.</summary>
    Default,

    /// <summary>Each on a thread of its own; see <see cref="ThreadTroupeOptions"/>.</summary>
    Threads,

    /// <summary>On the shared thread pool; see <see cref="PoolTroupeOptions"/>.</summary>
    Pool,

    /// <summary>Each in a process of its own; see <see cref="ProcessTroupeOptions"/>.</summary>
    Processes,

    /// <summary>Inside <c>Submit</c>; see <see cref="InlineTroupeOptions"/>.</summary>
    Inline,
}
