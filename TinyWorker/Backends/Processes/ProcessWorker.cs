using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Diagnostics;

namespace TinyWorker.Backends.Processes;

/// <summary>
/// A worker whose code runs in a child process, as its loop sees it: it starts the child, hands it the tasks, and replaces it when it dies.
/// </summary>
/// <remarks>
/// The loop starts it, hands it tasks and waits for their outcomes, and disposes it, one call at a time. _current is the one child that is in use, or being started; it is
/// replaced under the lock, by the loop or, while that has nothing to do with it, by the watch on its exit: what a child has written
/// before it died is still to be read, and what is being written to it is the loop's. A child that was replaced is seen off in the
/// background (_leaving), and its disposal is waited for in the end.
/// </remarks>
internal sealed class ProcessWorker<TIn, TOut>(ProcessWorkers<TIn, TOut> workers, WorkerInfo info) : TinyAsyncWorker<TIn, TOut>, IAheadWorker<TIn, TOut>, IAsyncDisposable
{
    private static readonly TimeSpan LoopPatience = TimeSpan.FromSeconds(2);   // a loop sees the end of a connection at once

    private readonly CancellationTokenSource _ending = new();   // fires when no child is to be started any more
    private readonly Lock _lock = new();
    private readonly List<(Child<TIn, TOut> Child, Task Gone)> _leaving = [];   // guarded by _lock
    private Child<TIn, TOut>? _child;             // the loop's: to which its tasks are handed
    private Task<Child<TIn, TOut>>? _current;     // guarded by _lock
    private bool _isBusy;                         // guarded by _lock: the loop writes to _current, or reads from it
    private int _restarts = info.Restarts;        // guarded by _lock
    private int _losses;                          // guarded by _lock: since a task ended well
    private bool _isEnding;                       // guarded by _lock; set once

    public int? ProcessId => Live?.ProcessId;

    public long? ResidentBytes => Live?.ResidentBytes;

    public int Restarts => Volatile.Read(ref _restarts);

    private Child<TIn, TOut>? Live => Volatile.Read(ref _current) is { IsCompletedSuccessfully: true } current ? current.Result : null;

    public override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        var first = Child<TIn, TOut>.StartAsync(workers, info, cancellationToken);   // the user's code runs in there: not under the lock
        lock (_lock) _current = first;
        _ = WatchWhenStartedAsync(first);
        await first.ConfigureAwait(false);
    }

    public Action<long, long>? Returned { private get; set; }

    public int Reach => _child!.Reach;

    public long TasksEnded => Live?.TasksEnded ?? 0;

    /// <summary>Never called: a loop hands tasks to it.</summary>
    public override ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => throw new UnreachableException();

    public bool IsReady => Live is not null;

    public async ValueTask<bool> TryWaitUntilReadyAsync(Task orUntil)
    {
        Task current;
        lock (_lock) current = _current!;
        await Task.WhenAny(current, orUntil).ConfigureAwait(false);
        return !current.IsCompleted || current.IsCompletedSuccessfully;
    }

    public async ValueTask ReadyAsync(CancellationToken cancellationToken)
    {
        Task<Child<TIn, TOut>> current;
        lock (_lock)
        {
            current = _current!;
            _isBusy = true;
        }

        if (current is { IsCompletedSuccessfully: true } && current.Result == _child) return;
        try
        {
            _child = await current.WaitAsync(cancellationToken).ConfigureAwait(false);
            _child.Returned = Returned;
        }
        catch
        {
            Rest();
            throw;
        }
    }

    public long Hand(TIn input, Activity? activity)
    {
        try
        {
            return _child!.Hand(input, activity);
        }
        catch
        {
            if (!_child!.HasTasks) Rest();   // the input cannot travel: there is nothing to do after all
            throw;
        }
    }

    public void Flush() => _child!.Flush();

    public void Recall() => Live?.Recall();

    // Its awaits come back to the loop's thread, which may be blocked.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<TOut> OutcomeAsync(long number, TIn input, Activity? activity, CancellationToken cancellationToken)
    {
        var attempts = 0;
        for (var isFresh = false; ; isFresh = true)
        {
            var child = _child!;
            try
            {
                var value = child.Outcome(number, cancellationToken);
                if (_losses > 0) HasEndedWell();
                return value;
            }
            catch (ChildLostException lost)
            {
                // What was handed behind this task was not begun; it is not to wait for what follows.
                Returned!(0, long.MaxValue);
                var exit = await child.EndAsync(lost);
                Replace(child, exit, unlessBusy: false);
                if (cancellationToken.IsCancellationRequested) throw new OperationCanceledException("The task did not stop when it was asked to, and lost its worker.", cancellationToken);
                // It was gone before it saw the task. To a fresh one that cannot happen, unless the task's input is what it dies of.
                var isExcused = lost.WasUntouched && !isFresh;
                if (!isExcused && ++attempts >= workers.Options.MaxAttempts)
                    throw new WorkerCrashedException(info.Troupe, exit.ProcessId, exit.Code, exit.Signal, exit.LastErrors, attempts, lost.InnerException);
            }
            finally
            {
                if (child.IsOverweight) Replace(child, lostBy: null, unlessBusy: false);   // however the task has ended
                if (Live != child || !child.HasTasks) Rest();   // one that was lost has kept the task that it died of
            }

            await ReadyAsync(cancellationToken);
            number = Hand(input, activity);
            TinyWorkerActivity.TryAgain(activity, attempts + 1);
            Flush();
        }
    }

    public void Kill()
    {
        lock (_lock)
        {
            foreach (var (child, _) in _leaving) child.Kill();
        }

        Live?.Kill();
    }

    public async ValueTask DisposeAsync()
    {
        Task<Child<TIn, TOut>>? current;
        Task[] leaving;
        lock (_lock)
        {
            _isEnding = true;
            current = _current;
            leaving = [.. _leaving.Select(static child => child.Gone)];
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        try
        {
            if (current is not null) await (await current.ConfigureAwait(false)).StopAsync().ConfigureAwait(false);
        }
        catch (Exception) when (!current!.IsCompletedSuccessfully)
        {
            // There is none: whoever waited for it was told why.
        }

        await Task.WhenAll(leaving).ConfigureAwait(false);
        lock (_lock) _current = null;
        _ending.Dispose();
    }

    private void Rest()
    {
        lock (_lock) _isBusy = false;
    }

    private void HasEndedWell()
    {
        lock (_lock) _losses = 0;
    }

    // A child that dies while it has nothing to do is replaced at once. Not before it is _current, or nobody would notice.
    private async Task WatchWhenStartedAsync(Task<Child<TIn, TOut>> current)
    {
        await ((Task)current).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!current.IsCompletedSuccessfully) return;
        var child = current.Result;
        var exit = await child.Exited.ConfigureAwait(false);
        if (Replace(child, exit, unlessBusy: true)) return;
        try
        {
            await child.SeenOff.WaitAsync(LoopPatience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Somebody else, whom it has started, holds its end of the connection open.
            Replace(child, exit, unlessBusy: false);
        }
    }

    /// <summary>Starts another in the child's place, and sees the child off. False if that was done before, or is not to be done.</summary>
    private bool Replace(Child<TIn, TOut> child, ChildExit? lostBy, bool unlessBusy)
    {
        var isLost = lostBy is not null;
        WorkerInfo fresh;
        lock (_lock)
        {
            if (_isEnding || Live != child || (unlessBusy && _isBusy)) return false;
            if (isLost) _losses++;
            _restarts++;
            _leaving.RemoveAll(static left => left.Gone.IsCompleted);
            var gone = SeeOffAsync(child, isLost);
            _leaving.Add((child, gone));
            // What a living worker holds (a GPU, its memory) is to be free first; a lost one holds nothing.
            fresh = info with { Restarts = _restarts };
            _current = StartAgainAsync(fresh, isLost ? _losses : 1, isLost ? Task.CompletedTask : gone);
            _ = WatchWhenStartedAsync(_current);
        }

        if (lostBy is not null) Log.ProcessLost(workers.Troupe.Logger, info.WorkerName, lostBy.ProcessId, lostBy.ToString());
        workers.Troupe.NoteReplacement(fresh, isLost ? RestartReason.Lost : RestartReason.Overweight);
        return true;
    }

    // Out of the lock; and off the loop's thread, which has the end of a task to tell first.
    private static ConfiguredTaskAwaitable Elsewhere() => Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);

    private static async Task SeeOffAsync(Child<TIn, TOut> child, bool isLost)
    {
        await Elsewhere();
        if (isLost) await child.DisposeAsync().ConfigureAwait(false);
        else await child.StopAsync().ConfigureAwait(false);
    }

    private async Task<Child<TIn, TOut>> StartAgainAsync(WorkerInfo worker, int losses, Task after)
    {
        await Elsewhere();
        await after.WaitAsync(_ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        for (var t = 1; ; t++)
        {
            try
            {
                var pause = RestartPause.Before(losses + t - 1);
                if (pause > TimeSpan.Zero) await Task.Delay(pause, workers.Troupe.TimeProvider, _ending.Token).ConfigureAwait(false);
                var child = await Child<TIn, TOut>.StartAsync(workers, worker, _ending.Token).ConfigureAwait(false);
                Log.WorkerReady(workers.Troupe.Logger, worker.Troupe, worker.Index, worker.Restarts);
                return child;
            }
            catch (Exception e) when (!_ending.IsCancellationRequested)
            {
                Log.ReplacementFailed(workers.Troupe.Logger, worker.WorkerName, t, Backend.TriesAtReplacement, e);
                if (t < Backend.TriesAtReplacement) continue;
                var broken = new WorkerStartException(worker, t, e);
                workers.Troupe.Break(broken);
                throw broken;
            }
        }
    }
}
