namespace TinyWorker.Hosting;

/// <summary>Where the workers of a troupe run.</summary>
public enum TroupeBackend
{
    /// <summary>On threads for synchronous functions and for worker classes, on the pool for asynchronous functions. A troupe that is made
    /// by hand picks it as the core does.</summary>
    Default,

    /// <summary>Each on a thread of its own; see <see cref="ThreadTroupeOptions"/>.</summary>
    Threads,

    /// <summary>On the shared thread pool; see <see cref="PoolTroupeOptions"/>.</summary>
    Pool,

    /// <summary>Each in a process of its own; see <see cref="ProcessTroupeOptions"/>. Only for troupes that are made by hand: the container
    /// cannot travel to another process.</summary>
    Processes,

    /// <summary>Inside <c>Submit</c>, for debugging; see <see cref="InlineTroupeOptions"/>.</summary>
    Inline,
}
