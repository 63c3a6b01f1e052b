using TinyWorker.Diagnostics;

namespace TinyWorker.Backends;

internal sealed partial class WorkerLoop<TIn, TOut>
{
    /// <summary>False if no worker could be made, which breaks the troupe, or if the loop was given up meanwhile.</summary>
    private async Task<bool> TryMakeAsync(int tries)
    {
        var inside = InsideWorker.Enter(_troupe);
        try
        {
            return await TryMakeInsideAsync(tries);
        }
        finally
        {
            inside.End();
        }
    }

    private async Task<bool> TryMakeInsideAsync(int tries)
    {
        for (var t = 1; ; t++)
        {
            try
            {
                using (new WithoutContext()) _worker = _troupe.Factory(_info) ?? throw new InvalidOperationException("The worker factory returned null.");
                _isSynchronous = _worker is TinyWorker<TIn, TOut>;
                Volatile.Write(ref _remote, _worker as IRemoteWorker);
                _ahead = _worker as IAheadWorker<TIn, TOut>;
                if (_ahead is not null) _ahead.Returned = OnReturned;
                _tasksOfThisWorker = 0;
                if (_worker is TinyAsyncWorker<TIn, TOut> slow) await OnOwnStackAfterwardsAsync(slow.StartAsync(_cancellation.Token));
                if (!TryBeginWork()) return false;
                RenewToken();
                Log.WorkerReady(_troupe.Logger, _troupe.Name, _info.Index, _info.Restarts);
                return true;
            }
            catch (Exception e)
            {
                Log.WorkerStartFailed(_troupe.Logger, _troupe.Name, _info.Index, t, tries, e);
                await DisposeWorkerAsync();
                if (t == tries || IsStopping || !await TryPauseAsync(_troupe.Backend.PauseBefore(t)))
                {
                    _troupe.Break(new WorkerStartException(_info, t, e));
                    return false;
                }
            }
        }
    }

    /// <summary>False if the loop is to stop.</summary>
    private async ValueTask<bool> TryPauseAsync(TimeSpan pause)
    {
        if (pause == TimeSpan.Zero) return true;
        try
        {
            await Task.Delay(pause, _troupe.TimeProvider, _cancellation.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            // Aborted, or given up, in the pause.
            return false;
        }
    }

    // An await comes back on the stack of whoever completed what was awaited: nothing else of the user's may run there.
    private async ValueTask OnOwnStackAfterwardsAsync(ValueTask step)
    {
        var comesBackElsewhere = !step.IsCompleted;
        try
        {
            await step;
        }
        finally
        {
            if (comesBackElsewhere) await _rest.Hop();
        }
    }

    private async Task<bool> TryReplaceWorkerAsync()
    {
        _queue.Idle.EndSearch(_rest);
        Volatile.Write(ref _info, _info with { Restarts = Restarts });   // before the worker that counted them is gone
        await UnmakeAsync();
        if (_queue.IsCompleted || !TryBeginStart()) return false;
        Volatile.Write(ref _info, _info with { Restarts = _info.Restarts + 1 });
        _troupe.NoteReplacement(_info, RestartReason.Recycled);
        return await TryMakeAsync(Backend.TriesAtReplacement);
    }

    private async Task UnmakeAsync()
    {
        TryEnterPhase(WorkerPhase.Leaving);
        await DisposeWorkerAsync();
    }

    private async Task DisposeWorkerAsync()
    {
        var worker = _worker;
        if (worker is null) return;
        _worker = null;
        var inside = InsideWorker.Enter(_troupe);
        try
        {
            if (worker is IAsyncDisposable asynchronous)
            {
                await OnOwnStackAfterwardsAsync(asynchronous.DisposeAsync());
            }
            else if (worker is IDisposable synchronous)
            {
                using (new WithoutContext()) synchronous.Dispose();
            }
        }
        catch (Exception e)
        {
            Log.WorkerDisposeFailed(_troupe.Logger, _troupe.Name, _info.Index, e);
        }
        finally
        {
            inside.End();
        }
    }
}
