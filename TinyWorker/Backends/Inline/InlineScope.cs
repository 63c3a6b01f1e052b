namespace TinyWorker.Backends.Inline;

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

    /// <summary>True if the executor will be run by this thread.</summary>
    public static bool TryAdd(InlineExecutor executor)
    {
        if (t_depth == 0) return false;
        (t_toRun ??= new Queue<InlineExecutor>()).Enqueue(executor);
        return true;
    }

    public static void Enter() => t_depth++;

    public static void Leave(Func<IWorkerExecutor, bool>? isRunning)
    {
        try
        {
            while (t_toRun is { } toRun && toRun.TryDequeue(out var executor)) executor.RunPosted(isRunning);
        }
        finally
        {
            t_depth--;
        }
    }
}
