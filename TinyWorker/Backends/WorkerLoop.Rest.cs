using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Backends;

internal sealed partial class WorkerLoop<TIn, TOut>
{
    private readonly Rest _rest;

    /// <summary>
    /// What the loop awaits while it has no work; used again and again. The continuation and the wake-up meet in one field: whoever comes
    /// second posts the continuation to the executor. It never runs on the waker's thread.
    /// </summary>
    private sealed class Rest(WorkerLoop<TIn, TOut> loop) : IRestingWorker, ICriticalNotifyCompletion
    {
        private static readonly Action Woken = static () => { };

        private Action? _meeting;   // null, the continuation, or Woken
        private bool _isHop;        // the loop's own

        IRestingWorker? IRestingWorker.NextResting { get; set; }

        /// <summary>Never true: the way to lie down is through <see cref="UnsafeOnCompleted"/>.</summary>
        public bool IsCompleted => false;

        public Rest GetAwaiter() => this;

        /// <summary>Rests until woken.</summary>
        public Rest LieDown()
        {
            _isHop = false;
            return this;
        }

        /// <summary>Goes on at once, on a stack of its own.</summary>
        public Rest Hop()
        {
            _isHop = true;
            return this;
        }

        public void GetResult()
        {
        }

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);   // the interface has it; the compiler prefers the other

        public void UnsafeOnCompleted(Action continuation)
        {
            if (_isHop)
            {
                loop._executor.Post(continuation);
                return;
            }

            loop._queue.Idle.Rest(this);
            Schedule.Point();
            // The wake-up may have come before; and something else that was posted to the thread, too.
            if (Interlocked.CompareExchange(ref _meeting, continuation, null) is not null && !GoOn(continuation)) loop._queue.Idle.EndSearch(this);
        }

        // Where the continuation is not there yet, the loop is about to bring it, and sees itself whether it can go on at once.
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
