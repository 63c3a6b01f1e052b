using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Nito.AsyncEx;
using TinyWorker.Diagnostics;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Workers;

/// <summary>What a worker that lives elsewhere (in a process) needs of its troupe. Thread-safe.</summary>
internal interface IWorkerOwner
{
    string Name { get; }

    ILogger Logger { get; }

    TimeProvider TimeProvider { get; }
}

/// <summary>
/// All worker loops of a troupe, and their one owner: starts them, replaces those that were abandoned, knows when no worker lives, and when
/// the last loop has left.
/// </summary>
/// <remarks>
/// A troupe whose workers of the start were all made once has lived; with MinWorkers 0 it has at once. When no worker lives any more, and
/// one could not be made, tasks wait for StartPatience. Then the troupe is down: there is an outage, until a worker lives. Both are decided
/// under _lock, together with the count of living workers: so the outage ends if a worker comes at the same moment. WorkerLoops.Outages.cs
/// has that. How many workers there are is in WorkerLoops.Elastic.cs, and who leaves because it has nothing to do in WorkerLoops.Idling.cs.
/// </remarks>
#pragma warning disable CA1001 // The timer of an outage ends with the outage, or with the troupe, and so does that of idle workers.
internal sealed partial class WorkerLoops<TIn, TOut> : IWorkerSet<TIn, TOut>, IWorkerOwner
#pragma warning restore CA1001
{
    private readonly TroupeCore<TIn, TOut> _core;
    private readonly Backend _backend;
    private readonly Action _onGone;
    private readonly Action _onQuiet;
    private readonly Lock _lock = new();
    private readonly HashSet<WorkerLoop<TIn, TOut>> _present = [];     // guarded by _lock: neither left nor abandoned
    private readonly List<WorkerLoop<TIn, TOut>> _left = [];           // guarded by _lock: to be joined at the end
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);      // set once
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);   // set once
    private AsyncCountdownEvent? _signals;                     // made when it is first needed
    private int _isSignalled;                                  // 0 or 1: nobody is asked to stop any more
    private Func<WorkerInfo, ITinyWorker<TIn, TOut>> _factory = null!;   // set by Make; the user's until the last loop has left
    private readonly HashSet<WorkerLoop<TIn, TOut>> _living = [];   // guarded by _lock: they have a worker
    private int _startsLeft;     // guarded by _lock: workers of the start that are still to be made
    private int _abandoned;      // guarded by _lock
    private int _replaced;       // how many workers have taken the place of another
    private bool _isEnding;      // written under _lock; set once, when no more tasks can come
    private List<Exception>? _disposalFaults;   // guarded by _lock: what nobody was told yet

    /// <param name="core">The core that the loops take tasks from.</param>
    /// <param name="backend">Where the workers live.</param>
    /// <param name="replacesHungWorkers">Whether a worker of this process that hangs is replaced.</param>
    /// <param name="onGone">Called once, when the last loop has left.</param>
    /// <param name="onQuiet">Called often: when perhaps no task is left.</param>
    public WorkerLoops(TroupeCore<TIn, TOut> core, Backend backend, bool replacesHungWorkers, Action onGone, Action onQuiet)
    {
        _core = core;
        _backend = backend;
        ReplacesHungWorkers = replacesHungWorkers;
        _onGone = onGone;
        _onQuiet = onQuiet;
        (_most, _least) = (core.Settings.Workers, core.Settings.MinWorkers);
        HasIdleTimeout = IsElastic && core.Settings.IdleTimeout != Timeout.InfiniteTimeSpan;
        core.Attach(this);
    }

    public string Name => _core.Name;

    public ILogger Logger => _core.Logger;

    public TimeProvider TimeProvider => _core.TimeProvider;

    public Backend Backend => _backend;

    public bool RunsInSubmit => _backend.RunsInSubmit;

    public bool HaveThreads => _backend.HasThreads;

    public bool ReplacesHungWorkers { get; }

    /// <summary>Whether no more tasks can come.</summary>
    public bool IsEnding => Volatile.Read(ref _isEnding);

    /// <summary>Makes a worker, where it will live.</summary>
    public Func<WorkerInfo, ITinyWorker<TIn, TOut>> Factory => _factory;

    /// <summary>Ends when every worker of the start has been made; faults when one could not be made.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Ends when no more tasks can come and every loop that was not abandoned has left.</summary>
    public Task Gone => _gone.Task;

    /// <summary>One, and one for each token whose callbacks are running. Made when the first task is asked to stop.</summary>
    public AsyncCountdownEvent Signals => LazyInitializer.EnsureInitialized(ref _signals, static () => new AsyncCountdownEvent(1));

    /// <summary>
    /// Waits for the callbacks of the tokens of tasks that were asked to stop, which are the user's code; for no longer than this. To be
    /// called once the loops have gone.
    /// </summary>
    public async Task SignalsAsync(TimeSpan atMost)
    {
        // The loops have gone, so no task is asked to stop any more: if none was, there is no event.
        if (Volatile.Read(ref _signals) is null) return;
        if (Interlocked.Exchange(ref _isSignalled, 1) == 0) Signals.Signal();
        using var end = new CancellationTokenSource();
        await Task.WhenAny(Signals.WaitAsync(), Task.Delay(atMost, TimeProvider, end.Token)).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Ends when the troupe is aborted.</summary>
    private Task Aborted => _aborted.Task;

    /// <summary>How many loops have left whose threads may not have ended.</summary>
    public int ToJoin
    {
        get
        {
            using (Uninterrupted.Enter(_lock)) return _left.Count;
        }
    }

    public int Abandoned
    {
        get
        {
            using (Uninterrupted.Enter(_lock))
            {
                AssertInvariants_NeedsLock();
                return _abandoned;
            }
        }
    }

    /// <summary>How many workers have taken the place of another so far.</summary>
    public int Replaced => Volatile.Read(ref _replaced);

    public void BeginSubmit() => _backend.BeginSubmit();

    public void EndSubmit(WorkItem<TIn, TOut>? item)
    {
        if (_backend.RunsInSubmit) _backend.EndSubmit(item is null ? null : executor => IsRunning(item, executor));
    }

    /// <summary>The loop has no worker any more, and is to make another.</summary>
    public void Died(WorkerLoop<TIn, TOut> loop)
    {
        Outage? begun = null;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (NoLongerLives_NeedsLock(loop)) begun = BeginOutageIfNoneLives_NeedsLock();
            Publish_NeedsLock();
        }

        begun?.Start(_core.Settings.StartPatience);
        NoticeNeedAfterChange();   // its disposal may take long
    }

    /// <summary>The disposal of a worker threw: whoever ends the troupe is to be told.</summary>
    public void NoteDisposalFault(Exception fault)
    {
        using (Uninterrupted.Enter(_lock)) (_disposalFaults ??= []).Add(fault);
    }

    /// <summary>What the disposal of the workers threw, as one exception; null if nothing did. Told once.</summary>
    public Exception? TakeDisposalFault()
    {
        List<Exception>? faults;
        using (Uninterrupted.Enter(_lock)) (faults, _disposalFaults) = (_disposalFaults, null);
        return faults switch
        {
            null => null,
            [var single] => single,
            _ => new AggregateException($"The disposal of {faults.Count} workers of '{Name}' threw.", faults),
        };
    }

    public void NoticeQuiet() => _onQuiet();

    /// <summary>A worker takes the place of another.</summary>
    public void NoteReplacement(WorkerInfo fresh, string reason)
    {
        Interlocked.Increment(ref _replaced);
        Log.WorkerReplaced(Logger, Name, fresh.Index, reason, fresh.Restarts);
        try
        {
            TinyWorkerMeter.Restarted(Name, reason);
        }
        catch (Exception e)
        {
            Log.ListenerFaulted(Logger, Name, e);
        }
    }

    /// <summary>A loop does not return from the user's code: a fresh loop takes its place, unless no more tasks can come.</summary>
    public void Abandon(WorkerLoop<TIn, TOut> loop, string reason)
    {
        WorkerLoop<TIn, TOut>? fresh = null;
        Outage? begun = null, ended = null;
        bool isReady = false, isEmptied = false;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!_present.Contains(loop)) return;   // never: its phase lets a loop be abandoned or leave, and once
            var hasLived = _living.Contains(loop);
            var isToLeave = IsOneTooMany_NeedsLock(loop) || _leaving.Contains(loop);
            Forget_NeedsLock(loop);
            _abandoned++;
            if (MayStart_NeedsLock)
            {
                if (!isToLeave) fresh = PutInPlaceOf_NeedsLock(loop);
                else (isEmptied, isReady) = (true, Empty_NeedsLock(loop));
            }

            if (hasLived) begun = BeginOutageIfNoneLives_NeedsLock();
            if (isEmptied && !HasFailures_NeedsLock) ended = EndOutage_NeedsLock();   // no place is tried any more
            Publish_NeedsLock();
        }

        begun?.Start(_core.Settings.StartPatience);
        NoteOutageEnded(ended);
        if (fresh is not null)
        {
            NoteReplacement(fresh.Info, reason);
            StartLoop(fresh);
        }

        if (isReady) TellReady();
        if (isEmptied) LookAfter(loop.Info.Index);
        NoticeGone();
    }

    /// <summary>A loop has ended. A loop that was abandoned does not count.</summary>
    public void Left(WorkerLoop<TIn, TOut> loop)
    {
        WorkerLoop<TIn, TOut>? fresh = null;
        bool isReady = false, isEmptied = false;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!_present.Contains(loop)) return;   // never, as above
            isEmptied = _leaving.Contains(loop);    // else the troupe ends, and shows who was there
            Forget_NeedsLock(loop);
            _left.Add(loop);
            if (isEmptied)
            {
                _left.RemoveAll(static left => left.HasThreadEnded);   // a troupe may live for months
                isReady = Empty_NeedsLock(loop);
                if (MayStart_NeedsLock && loop.Info.Index < _most && _staying.Count < Least_NeedsLock)
                    fresh = PutAt_NeedsLock(loop.Info.Index);
            }

            Publish_NeedsLock();
        }

        if (isEmptied) Log.WorkerLeft(Logger, Name, loop.Info.Index, loop.LeavesBecause!);
        if (isReady) TellReady();
        if (fresh is not null) StartLoop(fresh);
        if (isEmptied) LookAfter(loop.Info.Index);
        NoticeGone();
    }

    // Without the lock: the loop of a running task has been in its place since before the task started.
    public bool TryStop(WorkItem<TIn, TOut> item, StopReason reason, bool hasGrace) =>
        LoopAt(item.Worker) is { } loop && loop.TryStop(item, reason, hasGrace);

    public void WaitForStarters()
    {
        Interlocked.MemoryBarrierProcessWide();   // as below
        foreach (var loop in Loops)
            for (var spin = default(SpinWait); loop.IsBeginning; spin.SpinOnce(sleep1Threshold: -1)) Schedule.Yield();
        RecallPrefetched();
    }

    public void WaitForTakers()
    {
        Interlocked.MemoryBarrierProcessWide();   // so that the loops, which take an item a million times as often, need no fence
        foreach (var loop in Loops)
            for (var spin = default(SpinWait); loop.IsTaking;) spin.SpinOnce(sleep1Threshold: -1);
    }

    public void Abort()
    {
        _aborted.TrySetResult();
        foreach (var loop in Loops) loop.Abort();
        RecallPrefetched();
    }

    public void RecallPrefetched(WorkItem<TIn, TOut> item) => LoopAt(item.Worker)?.RecallPrefetched();

    public void End()
    {
        Outage? outage;
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            Volatile.Write(ref _isEnding, true);
            outage = _outage;
            EndIdleTimer_NeedsLock();
            Publish_NeedsLock();
        }

        outage?.Dispose();
        foreach (var loop in Loops) loop.PrepareToEnd();
        FailReady(new ObjectDisposedException(Name, "The troupe was stopped before every worker had been made."));
        NoticeGone();
    }

    /// <summary>Waits for the threads of the loops that have left: they may still run their last lines.</summary>
    public void Join()
    {
        WorkerLoop<TIn, TOut>[] left;
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            left = [.. _left];
        }

        foreach (var loop in left) loop.Join();
    }

    private bool IsRunning(WorkItem<TIn, TOut> item, IWorkerExecutor executor) =>
        Array.Exists(Loops, loop => loop.IsRunning(item, executor));

    public void RecallPrefetched()
    {
        foreach (var loop in Loops) loop.RecallPrefetched();
    }

    // The place is empty: perhaps somebody is needed there, or anywhere.
    private void LookAfter(int place)
    {
        ItemAddedFor(place);
        NoticeNeedAfterChange();
    }

    private void NoticeGone()
    {
        Schedule.Point();
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants_NeedsLock();
            if (!_isEnding || _present.Count > 0) return;
        }

        // No worker is made any more, and what the user's function has captured may be large: a future that is held keeps the troupe alive.
        _factory = static _ => throw new UnreachableException("A worker was to be made for a troupe that is gone.");
        _onGone();
        _core.Unobserved.TellAll();
        WakeUps.Run(static gone => gone.TrySetResult(), _gone);
    }

    [Conditional("DEBUG")]
    private void AssertInvariants_NeedsLock()
    {
        Debug.Assert(_living.IsSubsetOf(_present), "a loop that has a worker is present");
        Debug.Assert(_present.All(loop => ReferenceEquals(LoopAt(loop.Info.Index), loop)), "a loop that is present is in its place");
        Debug.Assert(_staying.All(loop => loop.Info.Index < _most), "no loop stays at a place that is one too many");
        Debug.Assert(_staying.IsSubsetOf(_present) && _leaving.IsSubsetOf(_present), "a loop that stays or leaves is present");
        Debug.Assert(!_staying.Overlaps(_leaving), "a loop stays or leaves");
        Debug.Assert(_awaited.IsSubsetOf(_staying), "only a loop that stays is awaited");
        Debug.Assert(_present.All(loop => !loop.IsToBeReplaced || _living.Contains(loop)), "only a worker that lives is to be replaced");
    }
}
