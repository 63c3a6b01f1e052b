namespace TinyWorker.Backends;

/// <summary>
/// The seam between the worker loop, which is written once, and the back-ends: where a worker's code runs. One executor belongs to one
/// worker loop; what it is given runs one at a time.
/// </summary>
internal interface IWorkerExecutor
{
    /// <summary>The context to which the awaits of asynchronous workers come back; null for the shared pool.</summary>
    SynchronizationContext? Context { get; }

    /// <summary>How many times to look for work before lying down.</summary>
    int SpinRounds { get; }

    /// <summary>Runs the loop from its first line, with no execution context of anybody's, where it stays until its task has ended.</summary>
    void Start(Func<Task> loop);

    /// <summary>Runs a continuation of the loop. Never inside this call.</summary>
    void Post(Action continuation);

    /// <summary>Waits until what the executor itself holds (a thread) is gone. Only to be called when the loop has ended.</summary>
    void Join();
}
