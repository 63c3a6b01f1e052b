namespace TinyWorker;

/// <summary>What a worker does.</summary>
public enum WorkerState
{
    /// <summary>It is being made.</summary>
    Starting,

    /// <summary>It waits for a task.</summary>
    Idle,

    /// <summary>It runs a task.</summary>
    Busy,

    /// <summary>It has ended.</summary>
    Stopped,
}
