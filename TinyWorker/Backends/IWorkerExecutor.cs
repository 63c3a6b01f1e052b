namespace TinyWorker.Backends;

/// <summary>
/// The seam between the worker loop, which is written once, and the back-ends: where a worker's code runs. One executor belongs to one
/// worker loop; what it is given runs one at a time.
/// </summary>
internal interface IWorkerExecutor
{
    /// <summary>Whether to look out for work for a moment before lying down.</summary>
    bool MaySpin { get; }

    /// <summary>Runs the loop from its first line, with no execution context of anybody's, where it stays until its task has ended.</summary>
    void Start(Func<Task> loop);

    /// <summary>Runs the continuation of the loop, which has one at a time. Never inside this call. False if its thread is at something else first.</summary>
    bool Post(Action continuation);

    /// <summary>Somebody else has ended the task of a loop that does not come back: whoever lends the loop a thread may have it back.</summary>
    void TaskWasTaken();

    /// <summary>Waits until what the executor itself holds (a thread) is gone. Only to be called when the loop has ended.</summary>
    void Join();
}
