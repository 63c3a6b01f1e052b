using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// The core of a troupe: what happens to a task while no worker has it. It owns the gate (the bound), the queue, the waiting room, the
/// terminal failure, and the counts of tasks that ended without a worker.
/// </summary>
/// <remarks>
/// This file has the life of the troupe's tasks as a whole; TroupeCore.Submit.cs has the way in. Three things happen to a troupe, each
/// once. It is closed: the gate admits nobody. It gets a terminal failure (an abort, or a worker that cannot be made): every task that
/// waits, or comes later, ends with it. It is drained: the gate is closed, no task waits, and none that runs may have to wait again; then
/// the queue is completed and the loops leave. An outage comes and goes: no worker lives, for longer than tasks are to wait. While it
/// lasts, tasks in the queue end with it.
/// </remarks>
internal sealed partial class TroupeCore<TIn, TOut> : ItemHome<TIn, TOut>, IFutureOwner
{
    private readonly Func<int> _waiting;        // how many tasks wait; one delegate for all who ask
    private IWorkerSet<TIn, TOut>? _workers;    // set once, before the first task
    private Failure? _terminalFailure;          // set once
    private Failure? _standingFailure;          // the terminal failure, else the outage; null while tasks may wait
    private bool _isCompleting;                 // set once: only workers may submit
    private TaskSampling? _sampling;            // set while somebody watches; one that is over is replaced, or dropped
    private long _faultedOutside;               // tasks that ended without a worker, or after their worker was abandoned
    private long _canceledOutside;
    // One until the gate is drained, and one for each task that is being ended while it waits, or that runs and may have to wait again
    private int _ending = 1;

    public TroupeCore(TroupeSettings settings)
    {
        Settings = settings;
        Gate = new AdmissionGate(settings.Capacity, onDrained: FinishEnding, onRoomLeft: () => Queue!.Idle.ItemAdded());
        Queue = new WorkQueue<WorkItem<TIn, TOut>>(settings.Workers, () => Gate.HasRoomForQueued);
        _waiting = () => Gate.Read().Waiting;
        WaitingRoom = new WaitingRoom<ChainedWorkItem<TIn, TOut>>(_waiting);
        Retries = new RetryRoom<WorkItem<TIn, TOut>>(settings.TimeProvider, PutBack);
    }

    public TroupeSettings Settings { get; }

    public string Name => Settings.Name;

    public ILogger Logger => Settings.Logger;

    public TimeProvider TimeProvider => Settings.TimeProvider;

    public UnobservedFaults Unobserved { get; } = new();

    public bool IsWorkedBy(IFutureOwner troupe) => troupe == this;

    public AdmissionGate Gate { get; }

    public WorkQueue<WorkItem<TIn, TOut>> Queue { get; }

    public WaitingRoom<ChainedWorkItem<TIn, TOut>> WaitingRoom { get; }

    /// <summary>Tasks that wait out a pause before they are run again.</summary>
    public RetryRoom<WorkItem<TIn, TOut>> Retries { get; }

    public IWorkerSet<TIn, TOut> Workers => _workers!;

    /// <summary>Whether a task may be given to a second worker. Then it keeps the troupe from being drained while it runs.</summary>
    public bool MayRunAgain => Settings.MayRunAgain;

    /// <summary>By which code that awaits a task looks out for its end; null if tasks take longer than that.</summary>
    public AdaptiveSpin? SpinForEnds { get; private set; }

    /// <summary>How every task ends that has not started; null while the troupe is healthy.</summary>
    public Failure? TerminalFailure => Volatile.Read(ref _terminalFailure);

    /// <summary>What is kept of tasks for those who watch the troupe; null while nobody does.</summary>
    // The look alone is inlined where tasks are submitted: all that it costs while nobody watches.
    public TaskSampling? Sampling => Volatile.Read(ref _sampling) is { } sampling ? UnlessOver(sampling) : null;

    /// <summary>Whether a listener wants to know of each task.</summary>
    public bool IsListenedTo => Settings.IsObserved && (TinyWorkerMeter.IsListenedTo || TinyWorkerActivity.Source.HasListeners());

    /// <summary>Whether the calling code runs inside a worker of this troupe.</summary>
    public bool IsInsideWorker => WorkerScope.Troupe == this;

    public long FaultedOutside => Interlocked.Read(ref _faultedOutside);

    public long CanceledOutside => Interlocked.Read(ref _canceledOutside);

    /// <summary>One more watches the troupe, and is to leave the sampling once.</summary>
    public TaskSampling BeginWatch()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _sampling);
            if (seen is not null && seen.TryJoin()) return seen;
            Schedule.Point();
            var fresh = new TaskSampling(TimeProvider);
            if (Interlocked.CompareExchange(ref _sampling, fresh, seen) == seen) return fresh;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private TaskSampling? UnlessOver(TaskSampling sampling)
    {
        if (!sampling.IsOver) return sampling;
        Interlocked.CompareExchange(ref _sampling, null, sampling);
        return null;
    }

    /// <summary>Called once, while the troupe is put together.</summary>
    public void Attach(IWorkerSet<TIn, TOut> workers)
    {
        Debug.Assert(_workers is null, "a core has one set of workers");
        _workers = workers;
        if (workers.HaveThreads) SpinForEnds = new AdaptiveSpin();
    }

    /// <summary>Admits nobody from now on. What was accepted goes on, also if the troupe was paused.</summary>
    public void Close()
    {
        Workers.BeginSubmit();
        Gate.Close();
        GoOn();
        Workers.EndSubmit(item: null);
    }

    /// <summary>Admits nobody from now on, and ends every task that waits.</summary>
    public void Abort()
    {
        Workers.BeginSubmit();
        Gate.Close();
        Workers.EndSubmit(item: null);
        SetTerminalFailure(Failure.Cancellation($"The troupe '{Name}' was aborted."));
        Resume();   // only now: nothing starts any more
    }

    /// <summary>Whether no task is started, although some may wait.</summary>
    public bool IsPaused => Queue.IsPaused;

    /// <summary>No task starts from now on, until the troupe is resumed, or drained.</summary>
    // Whoever closes the troupe does so first and goes on afterwards: one of the two sees the other.
    public void Pause()
    {
        Queue.Pause();
        if (Gate.IsClosed || Volatile.Read(ref _isCompleting)) Resume();
        else Workers.WaitForStarters();
    }

    public void Resume()
    {
        Workers.BeginSubmit();
        GoOn();
        Workers.EndSubmit(item: null);
    }

    /// <summary>Ends every task that waits, and every task that comes later, with this failure. The first terminal failure stays.</summary>
    // The failure is set first, and the waiting tasks are ended afterwards. An item enters the queue or the waiting room first, and looks
    // for a terminal failure afterwards. Both steps end with a full fence, so one of the two sides finds the item.
    public void SetTerminalFailure(Failure failure)
    {
        Schedule.Point();
        Interlocked.CompareExchange(ref _terminalFailure, failure, null);
        Interlocked.Exchange(ref _standingFailure, _terminalFailure!);
        EndQueued(_terminalFailure!);
        foreach (var item in WaitingRoom.TakeAll()) item.TryEndWaiting(_terminalFailure!);
        foreach (var item in Retries.TakeAll()) item.TryEndWaiting(_terminalFailure!);
    }

    /// <summary>From now on tasks that are in the queue, or come into it, end with this failure; see <see cref="EndQueued"/>.</summary>
    public void BeginOutage(Failure failure) => Interlocked.CompareExchange(ref _standingFailure, failure, null);

    /// <summary>A worker lives again: tasks may wait for it.</summary>
    public void EndOutage(Failure failure) => Interlocked.CompareExchange(ref _standingFailure, null, failure);

    /// <summary>Only workers may submit from now on.</summary>
    // A submitter that has looked before may still get in. That does no harm: its task is drained like the others.
    public void CloseToOutsiders()
    {
        Interlocked.Exchange(ref _isCompleting, true);
        Gate.RefuseQueued();
        Resume();
    }

    /// <summary>Puts an item into the queue, or ends it if the troupe has a terminal failure.</summary>
    public void Enqueue(WorkItem<TIn, TOut> item)
    {
        if (item.Terms is { IsBeside: true } terms)
        {
            Tell(Queue.AddBeside(item));
            if (terms.Priority > 0) Workers.RecallPrefetched();   // what was sent ahead has begun, or goes behind it
        }
        else
        {
            Queue.Add(item);
            Workers.NoticeNeed();
        }

        Schedule.Point();
        EndQueuedIfNoneCanRun();
    }

    /// <summary>
    /// A task that only one worker may run has ended: the next one with its key may run. If it was for a worker that is one too many, that
    /// worker may leave.
    /// </summary>
    public void Release(WorkItem<TIn, TOut> item)
    {
        var terms = item.Terms!;
        if ((terms.Key is null ? terms.Place : Queue.Release(item)) is var place and not SubmitTerms.NoPlace) Workers.ItemAddedFor(place);
    }

    /// <summary>There may be so many workers from now on.</summary>
    public void Resize(int workers)
    {
        foreach (var place in Queue.Resize(workers)) Workers.ItemAddedFor(place);
    }

    /// <summary>Takes a task back that a worker has tried: it goes before the younger ones, after the pause.</summary>
    // As in SetTerminalFailure: the task enters first and looks for a failure afterwards, or the failure finds it.
    public void RunAgain(WorkItem<TIn, TOut> item, TimeSpan pause)
    {
        if (pause <= TimeSpan.Zero)
        {
            PutBack(item);
            return;
        }

        Retries.Add(item, pause);
        Schedule.Point();
        if (TerminalFailure is { } failure) item.TryEndWaiting(failure);
        if (item.IsEnding) Retries.Remove(item);
    }

    /// <summary>Puts an item that was taken to be prefetched back to its place in the queue.</summary>
    public void Return(WorkItem<TIn, TOut> item, ItemOrder order)
    {
        Queue.Return(item, order);
        Workers.NoticeNeed();
        EndQueuedIfNoneCanRun();
    }

    /// <summary>
    /// Called before a waiting task that nobody has started leaves the gate: the troupe is not drained until it has ended.
    /// </summary>
    public void BeginEnding() => Interlocked.Increment(ref _ending);

    /// <summary>Called after that task has ended, and once when the gate is drained.</summary>
    public void FinishEnding()
    {
        Schedule.Point();
        if (Interlocked.Decrement(ref _ending) > 0) return;
        Workers.End();
        Queue.Complete();
    }

    /// <summary>Counts a task that somebody other than its worker ended.</summary>
    /// <param name="failure">How it ended.</param>
    /// <param name="worker">The worker that had it; null if none had.</param>
    public void CountOutside(Failure failure, int? worker = null)
    {
        if (failure.IsCancellation)
        {
            Interlocked.Increment(ref _canceledOutside);
            return;
        }

        Interlocked.Increment(ref _faultedOutside);
        Sampling?.AddFault(failure.Exception, worker);
    }

    /// <summary>Called when a task has ended while it waited: removes the tombstones from the queue if there are many.</summary>
    public void DropTombstones()
    {
        if (!Queue.TryDropTombstones(_waiting, Workers.WaitForTakers)) return;
        // The items that moved were out of the sight of both.
        Workers.NoticeNeed();
        EndQueuedIfNoneCanRun();
    }

    private void PutBack(WorkItem<TIn, TOut> item)
    {
        Tell(Queue.PutBack(item));
        EndQueuedIfNoneCanRun();
    }

    /// <summary>An item was added for the worker at this place, or for any.</summary>
    private void Tell(int place)
    {
        if (place == SubmitTerms.NoPlace) Workers.NoticeNeed();
        else Workers.ItemAddedFor(place);
    }

    private void GoOn()
    {
        if (!Queue.IsPaused) return;
        foreach (var place in Queue.Resume()) Workers.ItemAddedFor(place);
        Workers.NoticeNeed();
    }

    private void EndQueuedIfNoneCanRun()
    {
        if (Volatile.Read(ref _standingFailure) is { } failure) EndQueued(failure);
    }

    /// <summary>Ends what is in the queue.</summary>
    public void EndQueued(Failure failure)
    {
        Schedule.Point();
        // An outage may be over meanwhile: then tasks wait again.
        while (ReferenceEquals(Volatile.Read(ref _standingFailure), failure) && Queue.TryTakeToEnd(out var item))
            item.TryEndWaiting(failure);
        if (!ReferenceEquals(Volatile.Read(ref _standingFailure), failure)) return;
        foreach (var item in Queue.TakeOwnToEnd()) item.TryEndWaiting(failure);
    }
}
