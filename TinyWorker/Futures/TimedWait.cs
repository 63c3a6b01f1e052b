using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The task of a wait that has an end of its own: it ends as the future does, or earlier, by its timeout or its token. Whatever comes first
/// wins, and then nothing is left behind: no continuation on the future, no timer, no registration on the token.
/// </summary>
/// <remarks>
/// What is added while the wait ends is removed by whoever added it: <see cref="Start"/> adds all three, and then looks whether the wait
/// has ended. To remove what is not there does nothing.
/// </remarks>
#pragma warning disable CA1001 // The wait disposes its timer when it ends.
internal sealed class TimedWait<T>(TinyFuture<T> future, TimeSpan timeout) : TaskBridge<T>(future)
#pragma warning restore CA1001
{
    private Timer? _timer;
    private CancellationTokenRegistration _registration;

    public override bool IsAbandoned => Task.IsCompleted;

    /// <summary>Begins the wait. To be called once.</summary>
    public Task<T> Start(CancellationToken cancellationToken)
    {
        Future.AddContinuation(this);
        Schedule.Point();
        if (timeout != Timeout.InfiniteTimeSpan && !Task.IsCompleted)
        {
            // The timer needs no execution context, and must not keep one alive.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
                _timer = new Timer(static wait => ((TimedWait<T>)wait!).TimeOut(), this, timeout, Timeout.InfiniteTimeSpan);
        }

        if (cancellationToken.CanBeCanceled && !Task.IsCompleted)
            _registration = cancellationToken.UnsafeRegister(static (wait, token) => ((TimedWait<T>)wait!).Cancel(token), this);
        Interlocked.MemoryBarrier();   // what was added can be seen before the look
        if (Task.IsCompleted) Leave();
        return Task;
    }

    public override bool OnSourceCompleted()
    {
        if (!base.OnSourceCompleted()) return false;
        Leave();
        return true;
    }

    private void TimeOut()
    {
        if (TrySetException(Future.PassedTimeout(timeout))) Leave();
    }

    private void Cancel(CancellationToken token)
    {
        if (TrySetCanceled(token)) Leave();
    }

    private void Leave()
    {
        _timer?.Dispose();
        _registration.Unregister();   // never waits: the callback under way may be the one that ends the wait
        if (Future.IsCompleted) return;
        Future.ForgetContinuation(this);
        if (Future is GuardedWait<T> guard) guard.Cancel();   // it is for this wait alone
    }
}
