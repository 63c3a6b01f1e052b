namespace TinyWorker.Hosting;

/// <summary>How a troupe of an application is made.</summary>
public sealed class TinyTroupeSettings
{
    /// <summary>Where the workers run.</summary>
    public TroupeBackend Backend { get; set; }

    /// <summary>Whether the host's start waits until every worker has been made, and fails if one cannot be.</summary>
    /// <value>By default true.</value>
    public bool WaitUntilReady { get; set; } = true;
}
