using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

// How a worker is made, replaced and disposed.
internal sealed partial class WorkerLoop<TIn, TOut>
{
    private bool _isFirst;                        // the troupe starts, and no worker has lived in this loop's place
    private int _failures;                        // how many tries have failed in a row
    private int _losses;                          // how many workers in a row were lost before they had ended a task
    private WorkerStartException? _startFailure;  // why there is no worker; null while there is one, or the first try is under way

    /// <summary>Why the last try to make a worker in the place of another has failed; null if it has not.</summary>
    public WorkerStartException? StartFailure => Volatile.Read(ref _startFailure);

    /// <summary>Makes a worker: the first in its place, or one that takes the place of another.</summary>
    /// <returns>False if the first could not be made, which breaks the troupe, if no task can come any more, or if the loop was abandoned
    /// meanwhile.</returns>
    private async Task<bool> TryMakeAsync()
    {
        for (var tries = 1; ; tries++)
        {
            var accepted = _core.Gate.Read().Accepted;
            var pause = RestartPolicy.PauseAfter(_failures + Math.Max(0, _losses - 1));
            if (pause > TimeSpan.Zero) await PauseBetweenTriesAsync(pause);
            if (_queue.IsCompleted && !(_isFirst && pause <= TimeSpan.Zero)) return false;   // no task can come any more
            if (IsStopping && !_isFirst) return false;
            if ((IsAskedToLeave || _failures > 0) && _loops.TryGiveUp(this, accepted)) return false;
            if (await TryMakeOnceAsync() is not { } cause) break;
            await DisposeWorkerAsync(isLast: false);
            if (_loops.TryGiveUp(this, accepted)) return false;
            if (WasMakingCutShort())
            {
                tries--;   // it was to leave, and is to stay now: nothing has failed
                continue;
            }

            _failures++;
            if (_isFirst) Log.WorkerStartFailed(_core.Logger, _core.Name, _info.Index, tries, _loops.Backend.Restarts.TriesAtStart, cause);
            else if (!IsStopping && !_loops.IsEnding) Log.ReplacementFailed(_core.Logger, _core.Name, _info.Index, _failures, cause);
            if (_isFirst && (IsStopping || tries >= _loops.Backend.Restarts.TriesAtStart))
            {
                _loops.Break(new WorkerStartException(_info, tries, cause));
                return false;
            }

            if (IsStopping || (!_isFirst && _loops.IsEnding)) return false;
            if (!_isFirst) NoteStartFailure(cause);
        }

        if (!TryBeginWork()) return false;
        if (!WasMakingCutShort()) RenewToken();
        _failures = 0;
        Volatile.Write(ref _startFailure, null);
        (HasMadeWorker, _idleSince) = (true, 0);
        Log.WorkerReady(_core.Logger, _core.Name, _info.Index, _info.Restarts);
        _loops.Lives(this, _isFirst);
        _isFirst = false;
        return true;
    }

    private void NoteStartFailure(Exception cause)
    {
        Volatile.Write(ref _startFailure, WorkerStartException.OfReplacement(_info, _failures, cause));
        _loops.NoticeFailure(this);
    }

    private async Task PauseBetweenTriesAsync(TimeSpan pause)
    {
        await PauseAsync(pause);
        await _parking.OnFreshStack();
    }

    /// <summary>Why it failed; null once the worker is made.</summary>
    private async Task<Exception?> TryMakeOnceAsync()
    {
        var scope = WorkerScope.Enter(_core);
        try
        {
            if (!TryBeginTry()) return new OperationCanceledException("The worker is to leave.");
            // No more tasks can come: whoever says so looks for the loops that make a worker afterwards.
            if (!_isFirst && _loops.IsEnding) return new OperationCanceledException("The troupe has stopped.");
            await MakeAsync();
            EndTry();
            return null;
        }
        catch (Exception e)
        {
            return EndTry() ? MakeTimedOut(e) : e;
        }
        finally
        {
            scope.End();
        }
    }

    private TimeoutException MakeTimedOut(Exception? inner) => new(
        $"It was not made within the MakeTimeout of {_settings.MakeTimeout}. Look for what blocks the worker's factory, constructor or " +
        "StartAsync, or raise TinyTroupeOptions.MakeTimeout.",
        inner);

    // The steps that may wait are not here: each asynchronous method costs a new process part of a millisecond.
    private ValueTask MakeAsync()
    {
        _wasKilled = false;
        _worker = CallFactory() ?? throw new InvalidOperationException("The worker factory returned null.");
        _isSynchronous = _worker is TinyWorker<TIn, TOut>;
        Volatile.Write(ref _remote, _worker as IRemoteWorker);
        _prefetching = _worker as IPrefetchingWorker<TIn, TOut>;
        _forwarding = _worker as IForwardingWorker<TIn, TOut>;
        if (_prefetching is not null) PreparePrefetching(_prefetching);
        _tasksOfThisWorker = 0;
        return _worker is TinyAsyncWorker<TIn, TOut> slow ? OnFreshStackAfterwardsAsync(slow.StartAsync(_cancellation.Token)) : default;
    }

    private ITinyWorker<TIn, TOut>? CallFactory()
    {
        using var withoutContext = new WithoutContext();
        return _loops.Factory(_info);
    }

    // An await goes on on the stack of whoever completed what was awaited: no other user code may run there.
    private async ValueTask OnFreshStackAfterwardsAsync(ValueTask step)
    {
        var goesOnElsewhere = !step.IsCompleted;
        try
        {
            await step;
        }
        finally
        {
            if (goesOnElsewhere) await _parking.OnFreshStack();
        }
    }

    /// <summary>Another worker takes the place of this one. False if none is needed any more.</summary>
    private async Task<bool> TryReplaceAsync(string reason)
    {
        _queue.Idle.EndSearch(_parking);
        _losses = reason is not (RestartReason.Lost or RestartReason.Killed) ? 0 : TasksOfThisWorker > 0 ? 1 : _losses + 1;
        if (!TryEnterPhase(WorkerPhase.Replacing)) return false;
        _loops.Died(this);
        await DisposeWorkerAsync(isLast: null);
        if (TryLeave() || _queue.IsCompleted || !TryBeginStart()) return false;
        Volatile.Write(ref _info, _info with { Restarts = _info.Restarts + 1, Count = _loops.Most });
        (HasMadeWorker, _isNew) = (false, true);
        _loops.BeginsAnew(this);
        _loops.NoteReplacement(_info, reason);
        return await TryMakeAsync();
    }

    private async Task UnmakeAsync()
    {
        var isAbandoned = !TryEnterPhase(WorkerPhase.Leaving);
        // Whoever ends the troupe later is not told of those that left before: nobody knows how many those are.
        await DisposeWorkerAsync(isAbandoned ? false : LeavesBecause is null ? true : null);
    }

    /// <param name="isLast">Whether no other takes its place: then whoever ends the troupe is told what the disposal throws. Null if that
    /// depends on whether a task can still come afterwards.</param>
    private async Task DisposeWorkerAsync(bool? isLast)
    {
        var worker = _worker;
        if (worker is null) return;
        _worker = null;
        var scope = WorkerScope.Enter(_core);
        try
        {
            if (worker is IAsyncDisposable asynchronous)
            {
                await OnFreshStackAfterwardsAsync(asynchronous.DisposeAsync());
            }
            else if (worker is IDisposable synchronous)
            {
                using var withoutContext = new WithoutContext();
                synchronous.Dispose();
            }
        }
        catch (Exception e)
        {
            Log.WorkerDisposeFailed(_core.Logger, _core.Name, _info.Index, e);
            if (isLast ?? _queue.IsCompleted) _loops.NoteDisposalFault(e);
        }
        finally
        {
            scope.End();
        }
    }
}
