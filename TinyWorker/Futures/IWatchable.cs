namespace TinyWorker.Futures;

/// <summary>What can be watched of a future whatever the type of its result.</summary>
internal interface IWatchable
{
    bool IsCompleted { get; }

    ITroupeCore? OwnTroupe { get; }

    void AddContinuation(IContinuation continuation);

    void ForgetContinuation(IContinuation continuation);
}
