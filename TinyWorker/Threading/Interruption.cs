namespace TinyWorker.Threading;

/// <summary>The flag that <see cref="Thread.Interrupt"/> sets on a thread that does not wait: the thread's next wait throws.</summary>
internal static class Interruption
{
    // A wait that never waits, and throws all the same. The cheapest that was found: Sleep, Join and Monitor.Wait cost two to ten times
    // as much, and slim events do not look at the flag.
    private static readonly ManualResetEvent Signalled = new(initialState: true);

    /// <summary>Clears the flag of this thread.</summary>
    /// <returns>Whether it was set.</returns>
    public static bool Clear()
    {
        try
        {
            Signalled.WaitOne(0);
            return false;
        }
        catch (ThreadInterruptedException)
        {
            ThreadLeftovers.WereSeen = true;
            return true;
        }
    }

    /// <summary>Sets the flag of this thread again: the interruption was meant for the code that comes next here.</summary>
    public static void PutBack()
    {
        ThreadLeftovers.WereSeen = true;
        Thread.CurrentThread.Interrupt();
    }
}
