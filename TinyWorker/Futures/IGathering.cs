namespace TinyWorker.Futures;

/// <summary>A future that waits for several others.</summary>
internal interface IGathering
{
    IWatchable[] Sources { get; }

    /// <summary>Whether it waits for the first of them only, or for all.</summary>
    bool EndsWithTheFirst { get; }
}
