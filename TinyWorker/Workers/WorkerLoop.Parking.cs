using System.Runtime.CompilerServices;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

internal sealed partial class WorkerLoop<TIn, TOut>
{
    private readonly Parking _parking;

    /// <summary>Wakes the loop if it sleeps: there is something for it alone.</summary>
    public void Unpark() => _queue.Idle.Unpark(_parking);

    /// <summary>
    /// What the loop awaits while it has no work; used again and again. The continuation and the wake-up meet in one field: the second of
    /// the two posts the continuation to the executor. The continuation never runs on the waker's thread.
    /// </summary>
    private sealed class Parking(WorkerLoop<TIn, TOut> loop) : IParkedWorker, ICriticalNotifyCompletion
    {
        private static readonly Action Woken = static () => { };

        private Action? _meeting;      // null, the continuation, or Woken
        private bool _isForStack;      // used by the loop only

        bool IParkedWorker.IsParked { get; set; }

        IParkedWorker? IParkedWorker.NextParked { get; set; }

        IParkedWorker? IParkedWorker.PreviousParked { get; set; }

        /// <summary>Never true: the loop parks in <see cref="UnsafeOnCompleted"/>.</summary>
        public bool IsCompleted => false;

        public Parking GetAwaiter() => this;

        /// <summary>Sleeps until woken.</summary>
        public Parking Park()
        {
            _isForStack = false;
            return this;
        }

        /// <summary>Goes on at once, on a fresh stack.</summary>
        public Parking OnFreshStack()
        {
            _isForStack = true;
            return this;
        }

        public void GetResult()
        {
            if (loop._isAsleep) Volatile.Write(ref loop._isAsleep, false);
        }

        // Required by the interface; the compiler calls the other
        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            if (_isForStack)
            {
                loop._executor.Post(continuation);
                return;
            }

            if (loop._loops.HasIdleTimeout) loop.NoteIdle();
            loop._queue.Idle.Park(this);
            // Only now: whoever looks for a free worker sees it between two tasks, then parked, or searching. It goes on below, not before.
            Volatile.Write(ref loop._isAsleep, true);
            Schedule.Point();
            // It may have been lost just before the loop parked, or asked to leave, or to be replaced, or a task for it alone may have come:
            // then there was nobody to wake.
            if (loop._prefetching is { IsLost: true } || loop._queue.HasItemsFor(loop._info.Index) || loop.MayLeave || loop.IsToBeReplaced)
                loop._queue.Idle.Unpark(this);
            if (loop._isNew) loop.NoticeArrival();
            loop._loops.NoticeParked();
            loop._loops.NoticeQuiet();
            // The wake-up may have come before the continuation; and another callback may have been posted to the thread before both.
            var wasWoken = Interlocked.CompareExchange(ref _meeting, continuation, null) is not null;
            if (wasWoken && !GoOn(continuation) && loop._queue.Idle.EndSearch(this)) loop._loops.NoticeNeed();
        }

        // If the continuation is not there yet, the loop is about to bring it, and sees itself whether it can go on at once.
        public bool Wake()
        {
            Schedule.Point();
            return Interlocked.CompareExchange(ref _meeting, Woken, null) is not { } continuation || GoOn(continuation);
        }

        private bool GoOn(Action continuation)
        {
            _meeting = null;
            return loop._executor.Post(continuation);
        }
    }
}
