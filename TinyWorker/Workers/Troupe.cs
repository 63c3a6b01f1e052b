using System.Runtime.ExceptionServices;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>
/// A troupe as a whole: its core and its worker loops, put together, started, described and ended together. <see cref="TinyTroupe{TIn,
/// TOut}"/> is the facade of one; a worker process has one inside.
/// </summary>
internal sealed partial class Troupe<TIn, TOut> : IMeteredTroupe, IWatchedTroupe, IDisposable
{
    private readonly WorkerLoops<TIn, TOut> _loops;
    private readonly long _madeAt;
    private readonly WeakReference<object?> _facade = new(null);

    /// <param name="settings">Name, bound, limits and clock.</param>
    /// <param name="backend">Where the workers live.</param>
    /// <param name="isOfFunctions">Whether the workers are made of a function, and own nothing.</param>
    /// <param name="makeFactory">Makes the factory of the workers. What it throws, the troupe's constructor throws: nothing has started
    /// yet.</param>
    public Troupe(
        TroupeSettings settings, Backend backend, bool isOfFunctions,
        Func<IWorkerOwner, Func<WorkerInfo, ITinyWorker<TIn, TOut>>> makeFactory)
    {
        Core = new TroupeCore<TIn, TOut>(settings);
        _loops = new WorkerLoops<TIn, TOut>(
            Core, backend, settings.ReplaceHungWorkers ?? isOfFunctions,
            onGone: () => TinyWorkerMeter.Living.Remove(this), onQuiet: NoticeQuiet);
        _loops.Make(makeFactory(_loops));
        _madeAt = settings.TimeProvider.GetTimestamp();
        if (settings.IsObserved) TinyWorkerMeter.Living.Add(this);
        _loops.BeginSubmit();
        _loops.Start();
        _loops.EndSubmit(item: null);
    }

    public TroupeCore<TIn, TOut> Core { get; }

    public WorkerLoops<TIn, TOut> Loops => _loops;

    public string Name => Core.Name;

    /// <inheritdoc/>
    // Held weakly: the threads of the workers hold the troupe, and must not hold what users can drop.
    public object? Facade
    {
        get => _facade.TryGetTarget(out var facade) ? facade : null;
        set => _facade.SetTarget(value);
    }

    public Task WhenReadyAsync(CancellationToken cancellationToken)
    {
        // A factory, a constructor or StartAsync would wait for itself.
        if (Core.IsInsideWorker && !_loops.Ready.IsCompleted)
        {
            return Task.FromException(new InvalidOperationException(
                $"A worker of '{Name}' waited until every worker of its own troupe had been made. It may be one of them, and would wait " +
                "for ever. Wait outside the troupe."));
        }

        return _loops.Ready.WaitAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Close(isAbort: cancellationToken.IsCancellationRequested);
        var abort = cancellationToken.UnsafeRegister(static troupe => ((Troupe<TIn, TOut>)troupe!).Abort(), this);
        await using var registration = abort.ConfigureAwait(false);
        await _loops.Gone.ConfigureAwait(false);
        _loops.Join();
        ThrowDisposalFault();
    }

    /// <summary>Blocks until the troupe has stopped. For a troupe of threads no thread of the shared pool is needed.</summary>
    public void Dispose()
    {
        Close();
        Blocking.Wait(_loops.Gone);
        _loops.Join();
        ThrowDisposalFault();
    }

    public void Abort()
    {
        Core.Abort();
        _loops.Abort();
    }

    public TroupeSnapshot Snapshot()
    {
        var now = Counted();
        return now with { Condition = Look(now).Condition(abandonedBefore: now.Abandoned, wasFed: false) };
    }

    TroupeLevels IMeteredTroupe.Levels()
    {
        var counts = Count(out var loops);
        return new TroupeLevels(counts.Waiting, counts.Running, Array.ConvertAll(loops, StateOf));
    }

    /// <param name="isAbort">Whether nothing is to be drained: else a paused troupe would start a task before it is aborted.</param>
    private void Close(bool isAbort = false)
    {
        RefuseInsideWorker("tried to stop its own troupe");
        if (isAbort) Abort();
        Core.Close();
    }

    private void RefuseInsideWorker(string did)
    {
        if (!Core.IsInsideWorker) return;
        throw new InvalidOperationException(
            $"A worker of '{Name}' {did}, which would wait for itself for ever. Do that outside the troupe, or call Abort() here.");
    }

    // The first who waits for the end is told, and only that one.
    private void ThrowDisposalFault()
    {
        if (_loops.TakeDisposalFault() is { } fault) ExceptionDispatchInfo.Throw(fault);
    }

    private Counts Count(out WorkerLoop<TIn, TOut>[] loops)
    {
        // The ended tasks are read first. The accepted and the waiting ones are read second, in one step. So the number of running tasks
        // is never too low. It is too high by what ended in between. If it is higher than the number of workers, the reading took too
        // long and is done again.
        while (true)
        {
            loops = _loops.Loops;
            var places = _loops.AllPlaces;   // those without a worker, too: their tasks have ended
            long succeeded = 0, faulted = Core.FaultedOutside, canceled = Core.CanceledOutside;
            foreach (var place in places)
            {
                Schedule.Point();
                succeeded += place.Counts.Succeeded;
                faulted += place.Counts.Faulted;
                canceled += place.Counts.Canceled;
            }

            var ended = succeeded + faulted + canceled;
            Schedule.Point();
            var (accepted, waiting) = Core.Gate.Read();
            var running = unchecked((int)(accepted - (uint)waiting - (uint)ended));
            if (running < 0 || running > loops.Length)
            {
                Schedule.Yield();
                Thread.Yield();
                continue;
            }

            return new Counts(ended + running + waiting, waiting, running, succeeded, faulted, canceled);
        }
    }

    private TroupeSnapshot Counted()
    {
        var counts = Count(out var loops);
        return new TroupeSnapshot(
            Name, Core.Settings.Capacity, counts.Accepted, counts.Waiting, counts.Running,
            counts.Succeeded, counts.Faulted, counts.Canceled, _loops.Abandoned, Array.ConvertAll(loops, Describe))
        {
            MaxWorkers = _loops.Most,
        };
    }

    private static WorkerState StateOf(WorkerLoop<TIn, TOut> loop) => loop.Phase switch
    {
        WorkerPhase.Starting => loop.StartFailure is null ? WorkerState.Starting : WorkerState.Empty,
        WorkerPhase.Replacing => WorkerState.Starting,
        WorkerPhase.Working when loop.IsBusy => WorkerState.Busy,
        WorkerPhase.Working => loop.Remote is { IsLost: true } ? WorkerState.Starting : WorkerState.Idle,   // about to be replaced
        WorkerPhase.Hung => WorkerState.Hung,
        _ => WorkerState.Stopped,
    };

    private static WorkerSnapshot Describe(WorkerLoop<TIn, TOut> loop)
    {
        var counts = loop.Counts;
        var remote = loop.Remote;
        return new WorkerSnapshot(
            loop.Info.Index, StateOf(loop), counts.Succeeded + counts.Faulted + counts.Canceled, loop.Info.Restarts,
            remote?.ProcessId, remote?.ResidentBytes, loop.StartFailure?.InnerException is { } cause ? NestedText.MessageOf(cause) : null);
    }

    private readonly record struct Counts(long Accepted, int Waiting, int Running, long Succeeded, long Faulted, long Canceled);
}
