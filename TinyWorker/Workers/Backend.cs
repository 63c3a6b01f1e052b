namespace TinyWorker.Workers;

/// <summary>
/// Where the workers of a troupe live. It makes an executor for each worker loop, and says how workers are restarted.
/// </summary>
internal abstract class Backend
{
    public virtual RestartPolicy Restarts => RestartPolicy.InProcess;

    /// <summary>Whether tasks run inside Submit: then <see cref="BeginSubmit"/> and <see cref="EndSubmit"/> do something.</summary>
    public virtual bool RunsInSubmit => false;

    /// <summary>Whether each worker runs on a thread of its own, in this process.</summary>
    public virtual bool HasThreads => false;

    public abstract IWorkerExecutor MakeExecutor(WorkerInfo worker);

    /// <summary>Called before an item enters, so that a back-end without threads can run it there.</summary>
    public virtual void BeginSubmit()
    {
    }

    /// <summary>Called after an item has entered.</summary>
    /// <param name="isRunning">Whether the submitted task is still running on an executor; null if nobody waits for a task.</param>
    public virtual void EndSubmit(Func<IWorkerExecutor, bool>? isRunning)
    {
    }
}

/// <summary>
/// The seam between the worker loop, which is written once, and the back-ends: where a worker's code runs. One executor belongs to one
/// worker loop. It runs one thing at a time.
/// </summary>
internal interface IWorkerExecutor
{
    /// <summary>Whether the loop may look out for work for a moment before it parks.</summary>
    bool MaySpin { get; }

    /// <summary>
    /// Runs the loop from its first line, without an execution context, and stays with it until the task of the loop has ended.
    /// </summary>
    void Start(Func<Task> loop);

    /// <summary>Runs the continuation of the loop; the loop has one at a time. Never inside this call.</summary>
    /// <returns>False if the thread of the executor does something else first.</returns>
    bool Post(Action continuation);

    /// <summary>
    /// A task has ended here: takes off the thread what the task has left on it (an interruption, a name, a priority), so that the next
    /// user code does not meet it. Called on the thread that runs the loop.
    /// </summary>
    void TaskHasEnded();

    /// <summary>The task of a loop that does not return was ended by somebody else: a thread that was lent to the loop may go.</summary>
    void TaskWasTaken();

    /// <summary>Waits until the thread of the executor is gone. Only to be called once the loop has ended.</summary>
    void Join();

    /// <summary>Whether that thread is gone, or there is none. Only to be asked once the loop has ended.</summary>
    bool HasThreadEnded { get; }
}
