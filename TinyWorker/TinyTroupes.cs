using TinyWorker.Diagnostics;

namespace TinyWorker;

/// <summary>The troupes of this process. Thread-safe.</summary>
public static class TinyTroupes
{
    /// <summary>
    /// The troupes that were made and have not ended, in the order in which they were made; a troupe that drains has not ended. The list is
    /// made anew at each call. Nothing keeps a troupe alive for it.
    /// </summary>
    /// <remarks>The troupes of worker processes are not here: each process has its own list.</remarks>
    public static IReadOnlyList<ITroupe> Living => [.. TinyWorkerMeter.Living.Select(static troupe => troupe.Facade).OfType<ITroupe>()];
}
