namespace TinyWorker.Futures;

/// <summary>What can be watched of a future whatever the type of its result.</summary>
internal interface IWatchable
{
    bool IsCompleted { get; }

    /// <summary>The one future that this one waits for, if there is one and it may be unfinished.</summary>
    IWatchable? Input { get; }

    /// <summary>Whether this future, its <see cref="Input"/> aside, needs a worker of that troupe to end.</summary>
    bool Needs(ITroupeCore troupe);

    void AddContinuation(IContinuation continuation);

    void ForgetContinuation(IContinuation continuation);
}
