using TinyWorker.Threading;

namespace TinyWorker.Workers.Executors;

/// <summary>
/// The thread is inside a Submit: the worker loops that it wakes there are run at its end, by this thread. A loop that this thread is
/// running already, because its task is what submits, is not woken there: it goes on with what was submitted when its task has ended.
/// </summary>
internal static class InlineScope
{
    [ThreadStatic]
    private static Queue<InlineExecutor>? t_toRun;

    [ThreadStatic]
    private static int t_depth;

    [ThreadStatic]
    private static bool t_wasInterrupted;   // and the interruption is to be put back at the end of the outermost Submit

    /// <summary>True if the executor will be run by this thread.</summary>
    public static bool TryAdd(InlineExecutor executor)
    {
        if (t_depth == 0) return false;
        (t_toRun ??= new Queue<InlineExecutor>()).Enqueue(executor);
        return true;
    }

    public static void Enter()
    {
        // As on every other back-end, a task does not see that its submitter was interrupted.
        if (t_depth++ == 0) t_wasInterrupted = Interruption.Clear();
    }

    public static void Leave(Func<IWorkerExecutor, bool>? isRunning)
    {
        try
        {
            while (t_toRun is { } toRun && toRun.TryDequeue(out var executor)) executor.RunPosted(t_wasInterrupted ? null : isRunning);
        }
        finally
        {
            t_depth--;
            if (t_depth == 0 && t_wasInterrupted)
            {
                t_wasInterrupted = false;
                Interruption.PutBack();
            }
        }
    }

    /// <summary>
    /// The thread was interrupted while it ran a worker loop. If it is inside a Submit, the interruption comes after the Submit, and no
    /// other task sees it.
    /// </summary>
    public static void NoteInterruption() => t_wasInterrupted = t_depth > 0;
}
