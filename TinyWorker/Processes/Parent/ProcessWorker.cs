using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Parent;

/// <summary>
/// A worker whose code runs in a child process, as its loop sees it: it starts the child and sends it the tasks. When the child is lost, the
/// loop disposes this worker and makes another.
/// </summary>
/// <remarks>
/// The loop starts it, sends it tasks, waits for their outcomes, and disposes it, one call at a time. Beside the loop there is the watch on
/// the child's exit: it says that the child is lost, and wakes the loop. It never ends what the loop still reads, but for a connection that
/// another process holds open.
/// </remarks>
internal sealed class ProcessWorker<TIn, TOut>(ProcessWorkerFactory<TIn, TOut> workers, WorkerInfo info)
    : TinyAsyncWorker<TIn, TOut>, IPrefetchingWorker<TIn, TOut>, IAsyncDisposable
{
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(2);   // a loop that reads sees the end of a connection at once

    private ChildSession<TIn, TOut>? _child;   // set once, when the worker in it is made
    private bool _isLost;                      // set once
    private bool _isEnding;                    // set once, when the loop disposes this worker
    private int _isLossLogged;                 // 0 or 1

    public int? ProcessId => Live?.ProcessId;

    public long? ResidentBytes => Live?.ResidentBytes;

    public bool IsLost => Volatile.Read(ref _isLost);

    public bool IsOverweight => _child!.IsOverweight;

    public Action<long, long>? PrefetchReturned { private get; set; }

    public Action? Lost { private get; set; }

    public int PrefetchLimit => _child!.PrefetchLimit;

    public long TasksEnded => Volatile.Read(ref _child)?.TasksEnded ?? 0;

    private ChildSession<TIn, TOut>? Live => IsLost ? null : Volatile.Read(ref _child);

    public override async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        var child = await ChildSession<TIn, TOut>.StartAsync(workers, info, cancellationToken).ConfigureAwait(false);
        child.PrefetchReturned = PrefetchReturned;
        Volatile.Write(ref _child, child);
        _ = WatchAsync(child);
    }

    /// <summary>Never called: the loop uses the members of <see cref="IPrefetchingWorker{TIn, TOut}"/>.</summary>
    public override ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => throw new UnreachableException();

    public long Prefetch(TIn input, Activity? activity) => _child!.Prefetch(input, activity);

    public void Flush() => _child!.Flush();

    public void Recall() => Live?.Recall();

    public TOut Outcome(long number, CancellationToken cancellationToken) => _child!.Outcome(number, cancellationToken);

    public async Task<Func<int, WorkerCrashedException>> EndAsync(WorkerLostException lost)
    {
        var exit = await _child!.EndAsync((ChildLostException)lost).ConfigureAwait(false);
        Volatile.Write(ref _isLost, true);
        LogLoss(exit);
        return attempts => exit.Lost(info.Troupe, attempts, lost.InnerException);
    }

    public void Kill() => Volatile.Read(ref _child)?.Kill();

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isEnding, true);
        if (_child is not { } child) return;   // it was never started
        if (IsLost) await child.DisposeAsync().ConfigureAwait(false);
        else await child.StopAsync().ConfigureAwait(false);
    }

    private async Task WatchAsync(ChildSession<TIn, TOut> child)
    {
        var exit = await child.Exited.ConfigureAwait(false);
        Volatile.Write(ref _isLost, true);
        if (Volatile.Read(ref _isEnding)) return;
        LogLoss(exit);
        Lost?.Invoke();
        try
        {
            await child.ReadingEnded.WaitAsync(ReadTimeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // The loop waits for the connection to end, but a process that the child has started holds it open.
            await child.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void LogLoss(ChildExit exit)
    {
        if (Interlocked.Exchange(ref _isLossLogged, 1) == 0)
            Log.ProcessLost(workers.Troupe.Logger, info.WorkerName, exit.ProcessId, exit.ToString());
    }
}
