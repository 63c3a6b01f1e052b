namespace TinyWorker.Threading;

/// <summary>
/// What the library does when somebody calls <see cref="Thread.Interrupt"/> on a thread that is inside it. This is the one place for
/// the rule:
/// <list type="bullet">
/// <item>A lock of the library, and every other step that must not be left halfway, goes on. The interruption is put back afterwards:
/// the next wait of the thread throws it.</item>
/// <item>The rest of a worker that has nothing to do goes on, and the interruption is gone: it was meant for a task that has ended.</item>
/// <item>An interruption that a task leaves behind on its worker's thread is gone before the next task (<see cref="ThreadLeftovers"/>).</item>
/// <item>A wait of the user's (for room, for a result, for the end of a troupe) lets the exception through, and leaves nothing behind.
/// </item>
/// </list>
/// </summary>
/// <remarks>
/// In .NET a contended lock is a wait like any other, so each <c>lock</c> statement may throw <see cref="ThreadInterruptedException"/>.
/// Therefore the library takes its locks by <c>using (Uninterrupted.Enter(...))</c>. It costs what the statement costs.
/// </remarks>
internal static class Uninterrupted
{
    /// <summary>Takes the lock until the result is disposed.</summary>
    public static Held Enter(Lock toHold)
    {
        if (!toHold.TryEnter()) EnterContended(toHold);
        return new Held(toHold);
    }

    /// <summary>Takes the monitor until the result is disposed.</summary>
    public static HeldMonitor Enter(object monitor)
    {
        if (!Monitor.TryEnter(monitor)) EnterContended(monitor);
        return new HeldMonitor(monitor);
    }

    /// <summary>
    /// Runs a step of the framework that may wait for a lock of its own before it does anything. If it is interrupted there, it has done
    /// nothing and is run again.
    /// </summary>
    public static TResult Run<TState, TResult>(Func<TState, TResult> step, TState state)
    {
        var wasInterrupted = false;
        while (true)
        {
            try
            {
                var result = step(state);
                if (wasInterrupted) Interruption.PutBack();
                return result;
            }
            catch (ThreadInterruptedException)
            {
                wasInterrupted = true;
            }
        }
    }

    /// <summary>Waits for a pulse, with the monitor held. May return without one, as every wait on a monitor may.</summary>
    /// <returns>Whether an interruption ended the wait.</returns>
    public static bool Wait(object monitor)
    {
        try
        {
            Schedule.Wait(monitor);
            return false;
        }
        catch (ThreadInterruptedException)
        {
            ThreadLeftovers.WereSeen = true;
            return true;
        }
    }

    private static void EnterContended(Lock toHold) => Run(static toHold => { toHold.Enter(); return true; }, toHold);

    private static void EnterContended(object monitor) => Run(static monitor => { Monitor.Enter(monitor); return true; }, monitor);

    public readonly ref struct Held(Lock held) : IDisposable
    {
        public void Dispose() => held.Exit();
    }

    public readonly ref struct HeldMonitor(object held) : IDisposable
    {
        public void Dispose() => Monitor.Exit(held);
    }
}
