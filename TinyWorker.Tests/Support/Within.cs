namespace TinyWorker.Tests.Support;

/// <summary>Waits with a deadline. A wait that passes its deadline fails with the stacks of all managed threads.</summary>
internal static class Within
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Awaits a task, at most as long as the deadline.</summary>
    public static Task Time(Task task, string what = "the task") => Time(task, what, Deadline);

    /// <summary>Awaits a task with a deadline of its own, for what takes longer than a test should.</summary>
    public static async Task Time(Task task, string what, TimeSpan deadline)
    {
        try
        {
            await task.WaitAsync(deadline).ConfigureAwait(false);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw Late(what, deadline);
        }
    }

    /// <summary>Awaits a task, at most as long as the deadline.</summary>
    public static async Task<T> Time<T>(Task<T> task, string what = "the task")
    {
        await Time((Task)task, what).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    /// <summary>Blocks on a future, at most as long as the deadline.</summary>
    public static T Time<T>(TinyFuture<T> future)
    {
        if (!SpinWait.SpinUntil(() => future.IsCompleted, Deadline)) throw Late(future.ToString());
        return future.Result();
    }

    /// <summary>Runs a blocking step on a thread of its own, at most as long as the deadline.</summary>
    public static void Time(Action step, string what = "the step")
    {
        Exception? fault = null;
        var thread = new Thread(() =>
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                fault = e;
            }
        })
        { IsBackground = true, Name = "test step: " + what };
        thread.Start();
        if (!thread.Join(Deadline)) throw Late(what);
        if (fault is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(fault);
    }

    /// <summary>Waits for a state that has no event (a thread blocks, a thread has ended).</summary>
    public static void Until(Func<bool> condition, string what) => Until(condition, () => what);

    /// <summary>As <see cref="Until(Func{bool}, string)"/>; what is waited for is told as it was at the end.</summary>
    public static void Until(Func<bool> condition, Func<string> what)
    {
        if (!SpinWait.SpinUntil(condition, Deadline)) throw Late(what());
    }

    public static void Wait(ManualResetEventSlim gate, string what = "the gate") => Wait(gate, what, Deadline);

    /// <summary>Waits with a deadline of its own, for the test of this helper.</summary>
    public static void Wait(ManualResetEventSlim gate, string what, TimeSpan deadline)
    {
        if (!gate.Wait(deadline)) throw Late(what, deadline);
    }

    private static AssertionException Late(string what) => Late(what, Deadline);

    private static AssertionException Late(string what, TimeSpan deadline) => new(
        $"{what} was not done within {deadline}{Environment.NewLine}"
        + $"Pool: {ThreadPool.ThreadCount} threads, {ThreadPool.PendingWorkItemCount} items pending{Environment.NewLine}"
        + ThreadStacks.Take());
}
