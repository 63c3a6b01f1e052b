using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Queueing;

namespace TinyWorker.Backends;

/// <summary>
/// The life of one worker, written once for all back-ends: it is made, takes items one by one, and is disposed. Every line here runs on
/// the worker's executor, one at a time; the ladder (WorkerLoop.Ladder.cs) is the part that others call.
/// </summary>
/// <remarks>
/// No item is held in a local of an asynchronous method that outlives the task: a resting worker keeps nothing of a finished task alive.
/// </remarks>
#pragma warning disable CA1001 // The token source has no timer and no handle: there is nothing to dispose. The timer ends with the loop.
internal sealed partial class WorkerLoop<TIn, TOut>
#pragma warning restore CA1001
{
    private readonly TinyTroupe<TIn, TOut> _troupe;
    private readonly WorkerTally _tally;
    private readonly IWorkerExecutor _executor;
    private readonly WorkQueue<WorkItem<TIn, TOut>> _queue;
    private readonly int _triesAtStart;

    private WorkerInfo _info;                     // replaced with each worker that this loop makes
    private ITinyWorker<TIn, TOut>? _worker;      // set while there is one
    private IRemoteWorker? _remote;               // it, if it runs elsewhere; stays until the next is made: a disposal that hangs is ended by killing it
    private bool _isSynchronous;                  // of _worker
    private WorkItem<TIn, TOut>? _current;        // set before the item starts, cleared when it has ended
    private bool _isTaking;                       // looked at by who must have the channel for itself
    private WorkItem<TIn, TOut>? _ending;         // no more _current, and not told of yet; set while it is
    private bool _isLast;                         // nothing waited behind _current when it started
    private long _tasksOfThisWorker;              // of one that runs here
    private bool _isRetired;                      // set once, by the loop itself, when it finds that it was given up

    public WorkerLoop(TinyTroupe<TIn, TOut> troupe, WorkerInfo info, WorkerTally tally, int triesAtStart)
    {
        _troupe = troupe;
        _queue = troupe.Queue;
        _info = info;
        _tally = tally;
        _triesAtStart = triesAtStart;
        _graceWithoutTask = troupe.CancellationGrace == TimeSpan.Zero ? TinyTroupeOptions.DefaultCancellationGrace : troupe.CancellationGrace;
        _executor = troupe.Backend.MakeExecutor(info);
        _rest = new Rest(this);
    }

    public WorkerInfo Info => Volatile.Read(ref _info);

    public WorkerTally Tally => _tally;

    public bool IsTaking => Volatile.Read(ref _isTaking);

    public bool IsBusy => Volatile.Read(ref _current) is not null;

    /// <summary>Whether its task was asked to stop and has not ended.</summary>
    public bool IsAskedToStop => Volatile.Read(ref _current) is { IsAskedToStop: true };

    public bool IsRunning(WorkItem<TIn, TOut> item, IWorkerExecutor executor) =>
        ReferenceEquals(_executor, executor) && ReferenceEquals(Volatile.Read(ref _current), item) && item.Status == TinyFutureStatus.Running;

    public IRemoteWorker? Remote => Volatile.Read(ref _remote);

    /// <summary>How many workers at this index came before the one that is there.</summary>
    public int Restarts => Math.Max(Info.Restarts, Remote?.Restarts ?? 0);

    public WorkerPhase Phase => (WorkerPhase)Volatile.Read(ref _phase);

    public void Start() => _executor.Start(RunAsync);

    public void Join() => _executor.Join();

    private async Task RunAsync()
    {
        try
        {
            if (await TryMakeAsync(_triesAtStart))
            {
                if (_info.Restarts == 0) _troupe.Crew.Made();
                await WorkAsync();
            }
        }
        catch (Exception e)
        {
            // No user code gets here: a fault of the library's own must at least not leave the troupe hanging.
            Debug.Fail(e.ToString());
            _troupe.Break(new WorkerStartException(_info, 1, e));
        }

        await UnmakeAsync();
        // A loop that was given up is seen off by whoever gave it up, once its task has ended.
        if (TryEnterPhase(WorkerPhase.Gone)) _troupe.Crew.Left(this);
    }

    private async Task WorkAsync()
    {
        bool isToBeReplaced;
        do
        {
            var inside = InsideWorker.Enter(_troupe);
            try
            {
                isToBeReplaced = await RunTasksAsync();
            }
            finally
            {
                inside.End();
            }
        }
        while (isToBeReplaced && await TryReplaceWorkerAsync());
    }

    /// <summary>True when the worker has had all its tasks and is to be replaced, false when no task will come any more.</summary>
    private async Task<bool> RunTasksAsync()
    {
        while (true)
        {
            if (_ahead is { IsReady: false } && !await TryWaitUntilReadyAsync()) return false;
            var running = RunNext(out var found);
            if (found)
            {
                if (!running.IsCompletedSuccessfully)
                {
                    await running;
                    // Off the stack of whoever completed what the user's code awaited: it may never come back there.
                    if (_ahead is null) await _rest.Hop();
                }

                if (_isRetired) return false;
                if (TasksOfThisWorker >= _troupe.MaxTasksPerWorker) return true;
                continue;
            }

            Schedule.Point();
            if (_queue.IsCompleted)
            {
                _queue.Idle.EndSearch(_rest);
                return false;
            }

            await _rest.LieDown();
            _hasRested = true;
        }
    }

    private ValueTask RunNext(out bool found)
    {
        var isWanted = true;
        var isHanded = TryTakeHanded(out var item, out var number);
        found = isHanded || TryTake(out item);
        if (!found) return default;
        var argument = item!.Argument;        // before it starts: from then on it may be given up, and drops it
        Volatile.Write(ref _current, item);   // before it starts: from then on whoever stops it looks here
        if (isHanded)
        {
            isWanted = item.StartHanded(out _isLast);
        }
        else if ((_troupe.Verdict is { } earlier && item.TryEndWaiting(earlier)) || !item.TryStart(out _isLast))
        {
            // Under a verdict it ends as what waits does, and the troupe not before it, though this loop may have been given up meanwhile.
            Volatile.Write(ref _current, null);
            return default;
        }

        Schedule.Point();
        // An abort says so first and looks for running tasks afterwards; TryStart was a full fence: one of the two sees the other.
        if (_troupe.Verdict is { } verdict)
        {
            if (!isHanded)
            {
                Fail(item, verdict);
                return default;
            }

            isWanted &= !verdict.IsCancellation;
        }

        item.NoteStart(_info.Index);
        if (_troupe.TaskTimeout is { } timeout) ArmTimeout(timeout);
        if (!isWanted) item.Cancel();   // its worker may be at it already: it could not be taken back in time
        return _ahead is null ? CallAsync(item, argument) : CallAheadAsync(item, argument, number);
    }

    private bool TryTake(out WorkItem<TIn, TOut>? item)
    {
        var found = TryTakeOnce(out item);
        if (!found && _executor.MaySpin && _queue.Idle.TryBeginSearch(_rest))
            for (var spin = default(BriefSpin); !found && spin.TryOnce();) found = TryTakeOnce(out item);
        if (found) _queue.Idle.EndSearch(_rest);
        return found;
    }

    private bool TryTakeOnce(out WorkItem<TIn, TOut>? item)
    {
        Schedule.Point();   // not behind the next line: who waits for the takers holds a lock
        Volatile.Write(ref _isTaking, true);
        var found = _queue.TryTake(out item);
        Volatile.Write(ref _isTaking, false);
        return found;
    }

    // Asynchronous although it mostly is not: the method's builder puts back the execution context and the synchronization context that
    // the user's code may have changed, so that nothing leaks from one task into the next.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CallAsync(WorkItem<TIn, TOut> item, TIn argument)
    {
        TOut value;
        try
        {
            // Blocking code that waits for asynchronous code would wait for ever in a context that needs this very thread.
            if (_isSynchronous) SynchronizationContext.SetSynchronizationContext(null);
            if (item.Activity is { } activity) TinyWorkerActivity.Enter(activity);
            value = await _worker!.CallAsync(argument, _cancellation.Token);
        }
        catch (Exception e)
        {
            Ended(item, e);
            return;
        }

        Ended(item, value);
    }

    private void Ended(WorkItem<TIn, TOut> item, TOut value)
    {
        if (!TryClaim(item, out var stopped)) return;
        if (stopped == StopReason.Timeout)
        {
            CountAndFail(item, TimedOut(inner: null));
            return;
        }

        _tally.CountSuccess();
        BeginEnding(item);
        LookOutAhead(item);
        item.Succeed(value);
        _ending = null;
    }

    // Who sees the task ended may submit the next at once: this worker, back in a moment, is then on its way already, and no other needs to
    // be woken. Not with continuations to run first, which may take long.
    private void LookOutAhead(WorkItem<TIn, TOut> item)
    {
        if (_isLast && _isSynchronous && _executor.MaySpin && !item.HasContinuations) _queue.Idle.TryBeginSearch(_rest);
    }

    private void Ended(WorkItem<TIn, TOut> item, Exception exception)
    {
        if (!TryClaim(item, out var stopped)) return;
        var obeyed = exception is OperationCanceledException && stopped is not null;
        CountAndFail(item, stopped switch
        {
            StopReason.Timeout => TimedOut(obeyed ? null : exception),
            StopReason.Cancel when obeyed => Failure.Cancellation((OperationCanceledException)exception),
            _ => Failure.Fault(exception),   // an OperationCanceledException that nobody asked for is a fault like any other
        });
    }

    private void Fail(WorkItem<TIn, TOut> item, Failure failure)
    {
        if (TryClaim(item, out _)) CountAndFail(item, failure);
    }

    private void CountAndFail(WorkItem<TIn, TOut> item, Failure failure)
    {
        if (failure.IsCancellation) _tally.CountCancellation();
        else _tally.CountFault();
        BeginEnding(item);
        item.Fail(failure);
        _ending = null;
    }

    private void BeginEnding(WorkItem<TIn, TOut> item)
    {
        Volatile.Write(ref _ending, item);
        Schedule.Point();
        Volatile.Write(ref _current, null);
    }
}
