using TinyWorker.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Futures;

/// <summary>The one place where a thread of the caller's is blocked on a future or a task.</summary>
internal static class Blocking
{
    /// <summary>False if the timeout passed first.</summary>
    public static bool Wait<T>(TinyFuture<T> future, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout == TimeSpan.Zero) return future.IsCompleted;
        for (var spin = default(BriefSpin); spin.TryOnce();)
            if (future.IsCompleted) return true;

        var sleeper = new Sleeper();
        if (!future.TryAddContinuation(sleeper)) return true;
        var ended = false;
        try
        {
            ended = sleeper.Sleep(timeout, cancellationToken);
        }
        finally
        {
            if (!ended) future.ForgetContinuation(sleeper);
        }

        return ended;
    }

    /// <summary>Waits for a task of the library's own and throws what it threw.</summary>
    public static void Wait(Task task)
    {
        Schedule.Await(task);
#pragma warning disable RS0030 // The named place for it.
        task.GetAwaiter().GetResult();
#pragma warning restore RS0030
    }

    private sealed class Sleeper : IContinuation
    {
        private bool _woken;      // guarded by the lock on this
        private bool _abandoned;  // set once, when the sleeper leaves without being woken

        public bool IsAbandoned => Volatile.Read(ref _abandoned);

        public void OnSourceCompleted() => Wake();

        public bool Sleep(TimeSpan timeout, CancellationToken cancellationToken)
        {
            using var registration = cancellationToken.UnsafeRegister(static state => ((Sleeper)state!).Nudge(), this);
            var started = TimeProvider.System.GetTimestamp();
            Schedule.Point();
            lock (this)
            {
                while (!_woken)
                {
                    if (cancellationToken.IsCancellationRequested)
                    {
                        Volatile.Write(ref _abandoned, true);
                        cancellationToken.ThrowIfCancellationRequested();
                    }

                    if (timeout == Timeout.InfiniteTimeSpan)
                    {
                        Schedule.Wait(this);
                        continue;
                    }

                    var left = timeout - TimeProvider.System.GetElapsedTime(started);
                    if (left <= TimeSpan.Zero)
                    {
                        Volatile.Write(ref _abandoned, true);
                        return false;
                    }

                    // Rounded up: a wait of part of a millisecond must not become a busy loop of waits of zero.
                    Monitor.Wait(this, (int)Math.Min(int.MaxValue, Math.Ceiling(left.TotalMilliseconds)));
                }
            }

            return true;
        }

        private void Wake()
        {
            Schedule.Point();
            lock (this)
            {
                _woken = true;
                Schedule.Pulse(this);
            }
        }

        // The token fired: the sleeper looks at it itself.
        private void Nudge()
        {
            lock (this) Schedule.Pulse(this);
        }
    }
}
