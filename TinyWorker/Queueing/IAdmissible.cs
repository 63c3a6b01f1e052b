namespace TinyWorker.Queueing;

/// <summary>What the gate lets in.</summary>
internal interface IAdmissible
{
    /// <summary>Called once, after the acceptance, outside the gate's lock: the item goes to where it waits for a worker.</summary>
    void Enter();
}
