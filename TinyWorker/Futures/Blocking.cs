using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>The one place that blocks the caller's thread on a future or a task.</summary>
internal static class Blocking
{
    /// <summary>False if the timeout passed first.</summary>
    public static bool Wait<T>(TinyFuture<T> future, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout == TimeSpan.Zero) return future.IsCompleted;
        for (var spin = default(BriefSpin); spin.TryOnce();)
            if (future.IsCompleted) return true;

        Completions.RunBeforeBlocking();
        var sleeper = new Sleeper();
        if (!future.TryAddContinuation(sleeper)) return true;
        try
        {
            return sleeper.Sleep(timeout, cancellationToken);
        }
        finally
        {
            if (sleeper.IsAbandoned) future.ForgetContinuation(sleeper);
        }
    }

    /// <summary>
    /// Waits until the future has ended, whatever interrupts the thread: for a step that must not be left halfway. An interruption is put
    /// back afterwards.
    /// </summary>
    public static void WaitUninterrupted<T>(TinyFuture<T> future) =>
        Uninterrupted.Run(static future => Wait(future, Timeout.InfiniteTimeSpan, CancellationToken.None), future);

    /// <summary>Waits for a task of this library. Throws what the task threw.</summary>
    public static void Wait(Task task)
    {
        if (!task.IsCompleted) Completions.RunBeforeBlocking();
        Schedule.Await(task);
#pragma warning disable RS0030 // The named place for it.
        task.GetAwaiter().GetResult();
#pragma warning restore RS0030
    }

    private sealed class Sleeper : IContinuation
    {
        private readonly object _lock = new();
        private bool _woken;      // guarded by _lock
        private bool _abandoned;  // written under _lock; set once, when the sleeper leaves without being woken

        public bool IsAbandoned => Volatile.Read(ref _abandoned);

        public bool OnSourceCompleted()
        {
            Schedule.Point();
            using (Uninterrupted.Enter(_lock))
            {
                _woken = true;
                Schedule.Pulse(_lock);
                return !_abandoned;
            }
        }

        public bool Sleep(TimeSpan timeout, CancellationToken cancellationToken)
        {
            var registration = cancellationToken.UnsafeRegister(static state => ((Sleeper)state!).Nudge(), this);
            try
            {
                return SleepOn(timeout, cancellationToken);
            }
            finally
            {
                registration.Unregister();   // never waits
            }
        }

        private bool SleepOn(TimeSpan timeout, CancellationToken cancellationToken)
        {
            var started = TimeProvider.System.GetTimestamp();
            Schedule.Point();
            using (Uninterrupted.Enter(_lock))
            {
                // Whatever ends the wait: time, the token, or an interruption.
                try
                {
                    WaitUntilWoken(timeout, started, cancellationToken);
                }
                finally
                {
                    if (!_woken) Volatile.Write(ref _abandoned, true);
                }

                return _woken;
            }
        }

        private void WaitUntilWoken(TimeSpan timeout, long started, CancellationToken cancellationToken)
        {
            while (!_woken)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (timeout == Timeout.InfiniteTimeSpan)
                {
                    Schedule.Wait(_lock);
                    continue;
                }

                var left = timeout - TimeProvider.System.GetElapsedTime(started);
                if (left <= TimeSpan.Zero) return;

                // Rounded up: else the last part of a millisecond would be a busy loop of waits of zero.
                Monitor.Wait(_lock, (int)Math.Min(int.MaxValue, Math.Ceiling(left.TotalMilliseconds)));
            }
        }

        // The token fired: the sleeper wakes and looks at the token.
        private void Nudge()
        {
            using (Uninterrupted.Enter(_lock)) Schedule.Pulse(_lock);
        }
    }
}
