namespace TinyWorker.Threading;

/// <summary>Ends what others await.</summary>
internal static class WakeUps
{
    /// <summary>
    /// Runs a step that ends a task of the framework. On a thread of the pool the awaiters of the task would wait in the local queue of that
    /// thread for what the thread does next: so there the step goes to the common queue of the pool.
    /// </summary>
    public static void Run<T>(Action<T> step, T of)
    {
        if (Thread.CurrentThread.IsThreadPoolThread) Schedule.Queue(step, of, preferLocal: false);
        else step(of);
    }
}
