using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>Where a worker loop is in its life.</summary>
internal enum WorkerPhase
{
    /// <summary>It makes its worker, or pauses between two tries.</summary>
    Starting,

    /// <summary>It takes tasks.</summary>
    Working,

    /// <summary>Its task has ended without the worker, which does not come back; it is to stay in its place.</summary>
    Hung,

    /// <summary>It disposes its worker, and another is to be made.</summary>
    Replacing,

    /// <summary>It disposes its last worker.</summary>
    Leaving,
    Abandoned,
    Gone,
}

/// <summary>
/// The life of one worker, written once for all back-ends: it is made, takes items one by one, and is disposed. Every line here runs on
/// the worker's executor, one at a time. WorkerLoop.Ladder.cs is the part that other threads call.
/// </summary>
/// <remarks>
/// No local of an asynchronous method holds an item longer than its task: a parked worker keeps nothing of a finished task alive.
/// </remarks>
#pragma warning disable CA1001 // The token source has no timer and no handle: there is nothing to dispose. The timer ends with the loop.
internal sealed partial class WorkerLoop<TIn, TOut>
#pragma warning restore CA1001
{
    private readonly TroupeCore<TIn, TOut> _core;
    private readonly TroupeSettings _settings;
    private readonly WorkerLoops<TIn, TOut> _loops;
    private readonly WorkQueue<WorkItem<TIn, TOut>> _queue;
    private readonly OutcomeCounts _counts;
    private readonly IWorkerExecutor _executor;

    private WorkerInfo _info;                     // replaced with each worker that this loop makes
    private ITinyWorker<TIn, TOut>? _worker;      // set while there is one
    // The worker, if it runs elsewhere; stays until the next is made, so that a disposal that hangs can be ended by killing it
    private IRemoteWorker? _remote;
    private IForwardingWorker<TIn, TOut>? _forwarding;   // _worker, if it passes tasks on
    private bool _isSynchronous;                  // of _worker
    private WorkItem<TIn, TOut>? _current;        // set before the item starts, cleared when it has ended
    private bool _isTaking;                       // read by whoever needs the channel for itself
    private bool _hasEndedSearch;                 // the loop's: with the task that it has taken just now
    private int _beginsOn;                        // the thread that takes a task and starts it, 0 for none; read by whoever pauses the troupe
    private WorkItem<TIn, TOut>? _ending;         // finished but not yet published; null otherwise
    private bool _isLast;                         // nothing waited behind _current when it started
    private long _tasksOfThisWorker;              // of a worker that runs here
    private bool _isRetired;                      // set once, by the loop itself, when it finds that it was abandoned
    private string? _replacementReason;           // the loop's: why the worker is to be replaced when its task has ended; null if not

    /// <param name="core">What the loop takes tasks from.</param>
    /// <param name="loops">Its owner.</param>
    /// <param name="info">Which worker it makes first.</param>
    /// <param name="counts">How the tasks at its place ended.</param>
    /// <param name="before">The loop in whose place it comes; null if the place was empty.</param>
    /// <param name="isFirst">Whether a worker that cannot be made breaks the troupe, because the troupe starts.</param>
    public WorkerLoop(
        TroupeCore<TIn, TOut> core, WorkerLoops<TIn, TOut> loops, WorkerInfo info, OutcomeCounts counts, WorkerLoop<TIn, TOut>? before,
        bool isFirst)
    {
        _isFirst = isFirst;
        (_failures, _startFailure) = (before?._failures ?? 0, before?.StartFailure);
        _core = core;
        _settings = core.Settings;
        _loops = loops;
        _queue = core.Queue;
        _info = info;
        _counts = counts;
        _mayPrefetchAtAll = _settings.RetryWhen is null && _settings.ReplaceWorkerWhen is null;
        var grace = _settings.CancellationGrace;
        _graceWithoutTask = grace == TimeSpan.Zero ? TinyTroupeOptions.DefaultCancellationGrace : grace;
        _executor = loops.Backend.MakeExecutor(info);
        _parking = new Parking(this);
    }

    public WorkerInfo Info => Volatile.Read(ref _info);

    public OutcomeCounts Counts => _counts;

    public bool IsTaking => Volatile.Read(ref _isTaking);

    /// <summary>Whether another thread than the caller's is taking a task for it, to start it.</summary>
    // A start may admit others, and end one of them whose deadline has passed: what a listener does then is on the thread of the loop.
    public bool IsBeginning => Volatile.Read(ref _beginsOn) is var thread and not 0 && thread != Environment.CurrentManagedThreadId;

    public bool IsBusy => Volatile.Read(ref _current) is not null;

    /// <summary>Whether it has a task, or has counted the end of one whose future has not ended yet.</summary>
    // In this order: the loop notes what it ends before it lets go of it.
    public bool HasUnpublished => IsBusy || Volatile.Read(ref _ending) is { IsCompleted: false };

    /// <summary>Whether its task was asked to stop and has not ended.</summary>
    public bool IsAskedToStop => Volatile.Read(ref _current) is { IsAskedToStop: true };

    public IRemoteWorker? Remote => Volatile.Read(ref _remote);

    public WorkerPhase Phase => (WorkerPhase)Volatile.Read(ref _phase);

    public bool IsRunning(WorkItem<TIn, TOut> item, IWorkerExecutor executor) =>
        ReferenceEquals(_executor, executor) && ReferenceEquals(Volatile.Read(ref _current), item)
        && item.Status == TinyFutureStatus.Running;

    public void Start() => _executor.Start(RunAsync);

    /// <summary>The system gave no thread for the loop.</summary>
    /// <returns>Whether that breaks the troupe, because it starts.</returns>
    public bool FailToStart(Exception cause, out TimeSpan pause)
    {
        pause = RestartPolicy.PauseAfter(++_failures);
        if (_isFirst && !IsAskedToLeave) return true;
        NoteStartFailure(cause);
        return false;
    }

    public void Join() => _executor.Join();

    /// <summary>Whether there is no thread of its own to wait for. Only to be asked once the loop has ended.</summary>
    public bool HasThreadEnded => _executor.HasThreadEnded;

    private async Task RunAsync()
    {
        try
        {
            if (await TryMakeAsync())
            {
                // Not a method of its own: each asynchronous method costs a new process a millisecond.
                string? reason;
                do
                {
                    var scope = WorkerScope.Enter(_core);
                    try
                    {
                        reason = await RunTasksAsync();
                    }
                    finally
                    {
                        scope.End();
                    }

                    _loops.NoticeQuiet();
                }
                while (reason is not null && await TryReplaceAsync(reason));
            }
        }
        catch (Exception e)
        {
            // No exception of user code gets here. A fault of the library itself must at least not leave the troupe hanging.
            Debug.Fail(e.ToString());
            _loops.Break(new WorkerStartException(_info, 1, e));
        }

        await UnmakeAsync();
        // If the loop was abandoned, whoever abandoned it tells the troupe, once the task has ended.
        if (TryEnterPhase(WorkerPhase.Gone)) _loops.Left(this);
    }

    /// <summary>Why the worker is to be replaced; null when no task will come any more, or the loop was abandoned.</summary>
    private async Task<string?> RunTasksAsync()
    {
        TaskHasEnded();   // the making of the worker, or the task of the worker before
        while (true)
        {
            if (_prefetching is { IsLost: true }) return _wasKilled ? RestartReason.Killed : RestartReason.Lost;
            if (TryLeave()) return null;
            if (IsToBeReplacedNow) return RestartReason.Requested;
            var running = RunNext(out var found);
            if (found)
            {
                if (!running.IsCompletedSuccessfully)
                {
                    await running;
                    // Leave the stack of whoever completed what the user's code awaited: the loop might keep that stack for ever. A worker that
                    // passes tasks on comes back on a stack of its own.
                    if (_prefetching is null && _forwarding is null) await _parking.OnFreshStack();
                }

                TaskHasEnded();
                if (_isRetired) return null;
                if (_replacementReason is { } reason)
                {
                    _replacementReason = null;
                    if (_prefetching is { IsLost: true }) continue;   // that is why, above
                    return reason;
                }

                if (TasksOfThisWorker >= _settings.MaxTasksPerWorker) return RestartReason.Recycled;
                continue;
            }

            Schedule.Point();
            if (_queue.IsCompleted)
            {
                _queue.Idle.EndSearch(_parking);
                return null;
            }

            if (_core.Gate.AdmitQueued()) continue;
            await _parking.Park();
            _hasParked = true;
        }
    }

    // The code of a worker that lives elsewhere leaves nothing on this thread.
    private void TaskHasEnded()
    {
        if (_prefetching is null) _executor.TaskHasEnded();
    }

    private ValueTask RunNext(out bool found)
    {
        Volatile.Write(ref _beginsOn, Environment.CurrentManagedThreadId);
        var hasStarted = TryStartNext(out var item, out var argument, out var number, out var unwanted);
        Volatile.Write(ref _beginsOn, 0);   // before anybody is told of an end, and before the log: whoever pauses the troupe waits for that
        found = item is not null;
        if (found) NoticeTaken();
        if (!hasStarted)
        {
            if (found) EndUnstarted(item!);
            return default;
        }

        Schedule.Point();
        if (_loops.IsNeedPutOff) _loops.NoticePutOffNeed();
        // An abort sets the terminal failure first and looks for running tasks afterwards. TryStart was a full fence: one of the two sees
        // the other.
        if (_core.TerminalFailure is { } failure)
        {
            if (number == 0)
            {
                Fail(item!, failure);
                return default;
            }

            if (failure.IsCancellation) unwanted ??= StopReason.Cancel;
        }

        item!.NoteStart();
        ArmTimeout(item);
        if (unwanted is { } why) item.Stop(why, CancellationToken.None);   // its worker may have begun it: it could not be returned in time
        return _prefetching is null ? CallAsync(item, argument!) : CallPrefetchingAsync(item, argument!, number);
    }

    /// <summary>Takes the next task and starts it. If there is one that does not start, it has ended, or is to end now.</summary>
    private bool TryStartNext(out WorkItem<TIn, TOut>? item, out TIn? argument, out long number, out StopReason? unwanted)
    {
        unwanted = null;
        argument = default;
        var isPrefetched = TryTakePrefetched(out item, out number);
        if (!isPrefetched && !TryTake(out item)) return false;
        if (item!.HasDeferredInput && !item.TryMakeInput()) return false;
        argument = item.Argument;             // before it starts: from then on its worker may be abandoned, and the item drops its input
        Volatile.Write(ref _current, item);   // before it starts: from then on whoever stops it looks here
        if (!isPrefetched) return _core.TerminalFailure is null && !item.IsLate && item.TryStart(_info.Index, out _isLast);
        unwanted = item.StartPrefetched(out _isLast);
        return true;
    }

    // With a terminal failure the item ends as waiting items do. The troupe does not end before it, even if this loop was abandoned
    // meanwhile.
    private void EndUnstarted(WorkItem<TIn, TOut> item)
    {
        if (_core.TerminalFailure is { } failure) item.TryEndWaiting(failure);
        else if (item.HasDeferredInput) item.EndWithoutInput();
        else item.EndLate();
        Volatile.Write(ref _current, null);
    }

    private bool TryTake(out WorkItem<TIn, TOut>? item)
    {
        var found = TryTakeOnce(out item);
        if (!found && _executor.MaySpin && _queue.Idle.TryBeginSearch(_parking))
            for (var spin = default(BriefSpin); !found && spin.TryOnce();) found = TryTakeOnce(out item);
        if (found) _hasEndedSearch = _queue.Idle.EndSearch(_parking);
        return found;
    }

    private void NoticeTaken()
    {
        if (_hasEndedSearch)
        {
            // Whoever added a task while this worker was the searcher has left the others to it.
            _hasEndedSearch = false;
            _loops.NoticeNeed();
        }

        if (_isNew) NoticeArrival();
    }

    private bool TryTakeOnce(out WorkItem<TIn, TOut>? item)
    {
        Schedule.Point();   // not after the next line: whoever waits for the takers holds a lock
        Volatile.Write(ref _isTaking, true);
        var found = _queue.TryTake(_info.Index, out item);
        Volatile.Write(ref _isTaking, false);
        return found;
    }

    // Asynchronous although it mostly completes at once: the method's builder restores the execution context and the synchronization
    // context that the user's code may have changed, so that nothing leaks from one task into the next.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask CallAsync(WorkItem<TIn, TOut> item, TIn argument)
    {
        TOut value;
        try
        {
            if (item.Flow is { } flow) WorkerScope.GoOnIn(flow);
            // Blocking code that waits for asynchronous code would wait for ever in a context that needs this very thread.
            if (_isSynchronous) SynchronizationContext.SetSynchronizationContext(null);
            if (item.Activity is { } activity) TinyWorkerActivity.Enter(activity);
            value = _forwarding is null
                ? await _worker!.CallAsync(argument, _cancellation.Token)
                : await _forwarding.CallAsync(argument, item.TermsToForward(), _cancellation.Token);
        }
        catch (Exception e)
        {
            End(item, e);
            return;
        }

        End(item, value);
    }

    private void End(WorkItem<TIn, TOut> item, TOut value)
    {
        if (!TryClaim(item, out var stopped)) return;
        if (stopped is StopReason.Timeout or StopReason.Deadline)
        {
            CountAndFail(item, TimedOut(item, stopped.Value, inner: null));
            return;
        }

        _counts.CountSuccess();
        BeginEnding(item);
        SearchEarly(item);
        item.Succeed(value);
        _ending = null;
    }

    // Whoever sees the task ended may submit the next at once. This worker will be back in a moment: it becomes the searcher now, so that
    // no other needs to be woken. Not if continuations must run first, or listeners are told, which may take long.
    private void SearchEarly(WorkItem<TIn, TOut> item)
    {
        if (!_isLast || !_isSynchronous || !_executor.MaySpin) return;
        if (!item.HasContinuations && !item.IsWatched) _queue.Idle.TryBeginSearch(_parking);
    }

    private void End(WorkItem<TIn, TOut> item, Exception exception)
    {
        if (Says(_settings.ReplaceWorkerWhen, nameof(TinyTroupeOptions.ReplaceWorkerWhen), exception))
            _replacementReason = RestartReason.Spoiled;
        if (TryRunAgain(item, exception) || !TryClaim(item, out var stopped)) return;
        var obeyed = exception is OperationCanceledException && stopped is not null;
        CountAndFail(item, stopped switch
        {
            StopReason.Timeout or StopReason.Deadline => TimedOut(item, stopped.Value, obeyed ? null : exception),
            StopReason.Cancel when obeyed => Failure.Cancellation((OperationCanceledException)exception),
            _ => Failure.Fault(exception),   // an OperationCanceledException that nobody asked for is a fault like any other
        });
    }

    private bool TryRunAgain(WorkItem<TIn, TOut> item, Exception exception)
    {
        if (_settings.RetryWhen is not { } retryWhen || !item.MayBeAskedToStop) return false;
        if (item.Attempts + 1 >= _settings.MaxAttempts || item.IsLate) return false;
        return Says(retryWhen, nameof(TinyTroupeOptions.RetryWhen), exception)
            && TryGiveBack(item, isExcused: false, RestartPolicy.RetryPause(_settings.RetryDelay, item.Attempts + 1));
    }

    private bool Says(Func<Exception, bool>? predicate, string option, Exception exception)
    {
        if (predicate is null || (exception is OperationCanceledException && _cancellation.IsCancellationRequested)) return false;
        try
        {
            using var withoutContext = new WithoutContext();
            return predicate(exception);
        }
        catch (Exception e)
        {
            Log.PredicateFaulted(_core.Logger, _core.Name, option, e);
            return false;
        }
    }

    /// <summary>The task is to be run again, by whoever is free. False if it was asked to stop, or the troupe takes no more work.</summary>
    // Nobody can ask it to stop once it waits again. So the timer and the token are free for the next task.
    private bool TryGiveBack(WorkItem<TIn, TOut> item, bool isExcused, TimeSpan pause)
    {
        if (_core.TerminalFailure is not null || !item.TryGiveBack(isExcused)) return false;
        _tasksOfThisWorker++;
        DisarmTimeout();
        RenewToken();
        Volatile.Write(ref _current, null);
        _core.RunAgain(item, pause);
        return true;
    }

    private void Fail(WorkItem<TIn, TOut> item, Failure failure)
    {
        if (TryClaim(item, out _)) CountAndFail(item, failure);
    }

    private void CountAndFail(WorkItem<TIn, TOut> item, Failure failure)
    {
        if (failure.IsCancellation)
        {
            _counts.CountCancellation();
        }
        else
        {
            _counts.CountFault();
            _core.Sampling?.AddFault(failure.Exception, _info.Index);
        }

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
