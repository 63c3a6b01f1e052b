namespace TinyWorker.Threading;

/// <summary>Makes timers.</summary>
internal static class Timers
{
    /// <summary>A timer that is not set yet, and keeps nothing of the execution context of whoever makes it.</summary>
    public static ITimer Create(TimeProvider clock, TimerCallback callback, object state)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            return clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
