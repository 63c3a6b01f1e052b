namespace TinyWorker.Backends;

/// <summary>Where a worker loop is in its life.</summary>
internal enum WorkerPhase
{
    Starting,
    Working,
    Leaving,
    GivenUp,
    Gone,
}
