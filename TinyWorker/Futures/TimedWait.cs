using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The task of a wait that has an end of its own: it ends as the future does, or earlier, by its timeout or its token. Whatever comes first
/// wins, and then nothing is left behind: no continuation on the future, no timer, no registration on the token.
/// </summary>
/// <remarks>
/// The future, the timer and the token claim the wait, and one of them gets it, for good. That one leaves, and then ends the task. So the
/// future knows at once whether the task takes its fault over, although the task may end later, on the pool. And who sees the task end
/// may fault the future: no continuation is left that would take that fault for a look. What is added while the wait ends is removed by
/// whoever added it: <see cref="Start"/> adds all three, and then looks whether the wait was claimed. To remove what is not there does
/// nothing.
/// </remarks>
#pragma warning disable CA1001 // The wait disposes its timer when it ends.
internal sealed class TimedWait<T>(TinyFuture<T> future, TimeSpan timeout) : TaskBridge<T>(future)
#pragma warning restore CA1001
{
    private Timer? _timer;
    private CancellationTokenRegistration _registration;
    private int _isClaimed;   // set once

    public override bool IsAbandoned => IsClaimed;

    private bool IsClaimed => Volatile.Read(ref _isClaimed) != 0;

    /// <summary>Begins the wait. To be called once.</summary>
    public Task<T> Start(CancellationToken cancellationToken)
    {
        Future.AddContinuation(this);
        Schedule.Point();
        if (timeout != Timeout.InfiniteTimeSpan && !IsClaimed)
        {
            // The timer needs no execution context, and must not keep one alive.
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
                _timer = new Timer(static wait => ((TimedWait<T>)wait!).TimeOut(), this, timeout, Timeout.InfiniteTimeSpan);
        }

        if (cancellationToken.CanBeCanceled && !IsClaimed)
            _registration = cancellationToken.UnsafeRegister(static (wait, token) => ((TimedWait<T>)wait!).Cancel(token), this);
        Interlocked.MemoryBarrier();   // what was added can be seen before the look
        if (IsClaimed) Leave();
        return Task;
    }

    public override bool OnSourceCompleted() => TryClaim() && base.OnSourceCompleted();

    private void TimeOut()
    {
        if (TryClaim()) SetException(Future.PassedTimeout(timeout));
    }

    private void Cancel(CancellationToken token)
    {
        if (TryClaim()) SetCanceled(token);
    }

    private bool TryClaim()
    {
        Schedule.Point();
        if (Interlocked.Exchange(ref _isClaimed, 1) != 0) return false;
        Leave();
        return true;
    }

    private void Leave()
    {
        if (_timer is { } timer) Uninterrupted.Run(static timer => { timer.Dispose(); return true; }, timer);
        _registration.Unregister();   // never waits: the callback under way may be the one that ends the wait
        if (Future.IsCompleted) return;
        Future.ForgetContinuation(this);
        if (Future is GuardedWait<T> guard) guard.Cancel();   // it is for this wait alone
    }
}
