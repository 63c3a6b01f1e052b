using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// The start of the troupe, and that of each loop.
internal sealed partial class WorkerLoops<TIn, TOut>
{
    /// <summary>Makes every loop of the start, and starts none: a loop that breaks the troupe at once must find them all.</summary>
    public void Make(Func<WorkerInfo, ITinyWorker<TIn, TOut>> factory)
    {
        _factory = factory;
        using (Uninterrupted.Enter(_lock))
        {
            _startsLeft = Least_NeedsLock;
            MakeRoomFor_NeedsLock(_startsLeft);
            for (var i = 0; i < _startsLeft; i++) PutAt_NeedsLock(i, isFirst: true);
            Publish_NeedsLock();
            if (_startsLeft == 0) _ready.TrySetResult();
        }
    }

    public void Start()
    {
        foreach (var loop in Loops) StartLoop(loop);
    }

    /// <summary>The loop has a worker.</summary>
    public void Lives(WorkerLoop<TIn, TOut> loop, bool isFirst)
    {
        Outage? ended;
        bool isReady;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!_present.Contains(loop)) return;   // it was abandoned just now
            _living.Add(loop);
            isReady = isFirst && --_startsLeft == 0;
            ended = EndOutage_NeedsLock();
            Publish_NeedsLock();
            SetIdleTimer_NeedsLock();
        }

        NoteOutageEnded(ended);
        if (isReady) TellReady();
    }

    /// <summary>A worker of the start could not be made: every task that waits, or comes later, faults with this exception.</summary>
    public void Break(WorkerStartException cause)
    {
        // First, so that whoever hears that the troupe is not ready has no task run by it.
        _core.SetTerminalFailure(Failure.Fault(cause));
        RecallPrefetched();
        FailReady(cause);
    }

    private void StartLoop(WorkerLoop<TIn, TOut> loop)
    {
        try
        {
            loop.Start();
        }
        catch (Exception e)
        {
            OnNotStarted(loop, e);
        }
    }

    // The system gave no thread. At the start of the troupe that breaks it; later it is tried again, with a loop that has not been started.
    private void OnNotStarted(WorkerLoop<TIn, TOut> loop, Exception cause)
    {
        var breaks = loop.FailToStart(cause, out var pause);
        if (breaks) Break(new WorkerStartException(loop.Info, 1, cause));
        WorkerLoop<TIn, TOut>? fresh = null;
        Outage? ended = null;
        bool isReady = false, isEmptied = false;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            var isNeeded = !IsOneTooMany_NeedsLock(loop) && !IsNotNeeded_NeedsLock(loop, _core.Gate.Read().Accepted);
            Forget_NeedsLock(loop);
            if (!breaks && MayStart_NeedsLock)
            {
                if (isNeeded) fresh = PutInPlaceOf_NeedsLock(loop);
                else (isEmptied, isReady) = (true, Empty_NeedsLock(loop));
                if (!HasFailures_NeedsLock) ended = EndOutage_NeedsLock();
            }

            Publish_NeedsLock();
        }

        NoteOutageEnded(ended);
        if (fresh is not null) _ = StartLaterAsync(fresh, pause);
        if (isReady) TellReady();
        if (isEmptied) LookAfter(loop.Info.Index);
        NoticeGone();
    }

    /// <summary>A pause between two tries. It ends early when no task can come any more, when the troupe is aborted, or with the task
    /// that is handed in.</summary>
    public async Task PauseAsync(TimeSpan pause, Task early)
    {
        using var end = new CancellationTokenSource();
        await Task.WhenAny(Task.Delay(pause, TimeProvider, end.Token), _core.Queue.Completion, Aborted, early).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
    }

    private async Task StartLaterAsync(WorkerLoop<TIn, TOut> loop, TimeSpan pause)
    {
        await loop.PauseAsync(pause).ConfigureAwait(false);
        NoteReplacement(loop.Info, RestartReason.NotMade);
        StartLoop(loop);
    }

    private void FailReady(Exception cause)
    {
        _ready.TrySetException(cause);
        _ = _ready.Task.Exception;   // observed: nobody has to ask whether the workers are ready
    }

    private void TellReady() => WakeUps.Run(static ready => ready.TrySetResult(), _ready);
}
