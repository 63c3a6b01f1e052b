namespace TinyWorker.Futures;

/// <summary>What waits for a future: a blocked thread, an awaiter, a callback, or a dependent work item itself.</summary>
internal interface IContinuation
{
    /// <summary>Called exactly once, by the thread that completed the future, outside all locks. It must not run user code.</summary>
    void OnSourceCompleted();

    /// <summary>True once nobody waits through this any more; the future then drops it at its next clean-up.</summary>
    bool IsAbandoned { get; }
}
