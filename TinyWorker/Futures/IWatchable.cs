namespace TinyWorker.Futures;

/// <summary>What can be watched of a future whatever the type of its result.</summary>
internal interface IWatchable
{
    bool IsCompleted { get; }

    /// <summary>The one future that this one waits for, if there is one and it may be unfinished.</summary>
    IWatchable? Input { get; }

    /// <summary>The troupe of a task; null for what is no task.</summary>
    ITroupeCore? WorkedBy { get; }

    void AddContinuation(IContinuation continuation);

    void ForgetContinuation(IContinuation continuation);
}
