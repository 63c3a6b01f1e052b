using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// What an item keeps if a listener was there when it was submitted, or if it is one of those that are measured for who watches: its span,
/// and the times. Tasks that were submitted before a listener came are never reported.
/// </summary>
/// <remarks>
/// Accept and End are called once for each accepted item: Accept before a worker can take it, End before its end is published, whoever
/// ends it. So nothing is counted twice or lost. Start may come late, after the End by whoever abandoned the worker; then Start counts
/// for nothing. Listeners are user code: they are called outside the lock, and what they throw is logged.
/// </remarks>
/// <param name="owner">The troupe.</param>
/// <param name="activity">The submitter's activity.</param>
/// <param name="flow">The submitter's execution context, if the task is to run in it.</param>
/// <param name="terms">What the task asked for.</param>
/// <param name="deadline">When it must have ended.</param>
/// <param name="isListenedTo">Whether there is a listener to the meter or to the spans.</param>
/// <param name="sampling">Where the times go, if the task is measured for who watches the troupe.</param>
internal sealed class ItemTelemetry(
    IFutureOwner owner, Activity? activity, ExecutionContext? flow, SubmitTerms? terms, TaskDeadline? deadline, bool isListenedTo,
    TaskSampling? sampling)
    : ItemContext(activity)
{
    private readonly Lock _lock = new();
    private ExecutionContext? _flow = flow;   // until the task has ended
    private Activity? _span;     // set by Accept; null if no listener samples it
    private long _since;         // the last of: accepted, got its input, started
    private bool _hasStarted;    // guarded by _lock
    private bool _hasEnded;      // guarded by _lock
    private bool _isTold;        // guarded by _lock: the listeners know that the task was accepted

    public override ExecutionContext? Flow => _flow;

    public override SubmitTerms? Terms => terms;

    public override TaskDeadline? Deadline => deadline;

    public override void Release()
    {
        _flow = null;
        deadline?.End();
        base.Release();
    }

    /// <param name="tellNow">
    /// Whether the listeners are told now. Not if this is another thread than the submitter's, which may be that of a worker: they are told
    /// when the task starts, or ends.
    /// </param>
    public void Accept(bool tellNow)
    {
        _since = owner.TimeProvider.GetTimestamp();
        if (!isListenedTo) return;
        _isTold = tellNow;
        if (tellNow) TellAcceptance();
    }

    private void TellAcceptance()
    {
        Guarded(() =>
        {
            _span = TinyWorkerActivity.StartTask(owner.Name, Activity);
            if (_span is not null) Activity = _span;
        });
        Guarded(() => TinyWorkerMeter.Accepted(owner.Name));
    }

    /// <summary>The input is there: from now on the item waits for a worker.</summary>
    public void GetInput() => _since = owner.TimeProvider.GetTimestamp();

    /// <summary>The task was tried, and waits again.</summary>
    public void GiveBack()
    {
        using (Uninterrupted.Enter(_lock))
        {
            _hasStarted = false;
            _since = owner.TimeProvider.GetTimestamp();
        }
    }

    public void Start(int worker, int attempt)
    {
        TimeSpan waited;
        bool tellsAcceptance;
        using (Uninterrupted.Enter(_lock))
        {
            if (_hasEnded) return;   // its worker was abandoned just now
            _hasStarted = true;
            waited = Lap_NeedsLock();
            tellsAcceptance = MustTell_NeedsLock();
        }

        sampling?.AddWait(waited);
        if (isListenedTo) TellStart(worker, attempt, waited, tellsAcceptance);
    }

    private void TellStart(int worker, int attempt, TimeSpan waited, bool tellsAcceptance)
    {
        if (tellsAcceptance) TellAcceptance();
        if (_span is not null) Guarded(() => TinyWorkerActivity.BeginTask(_span, worker, attempt));
        Guarded(() => TinyWorkerMeter.Started(owner.Name, waited));
    }

    public void End(Failure? failure)
    {
        TimeSpan? ran;
        bool tellsAcceptance;
        using (Uninterrupted.Enter(_lock))
        {
            Debug.Assert(!_hasEnded, "an item ends once");
            _hasEnded = true;
            ran = _hasStarted ? Lap_NeedsLock() : null;
            tellsAcceptance = MustTell_NeedsLock();
        }

        if (ran is { } time) sampling?.AddRun(time);
        if (isListenedTo) TellEnd(failure, ran, tellsAcceptance);
    }

    private void TellEnd(Failure? failure, TimeSpan? ran, bool tellsAcceptance)
    {
        if (tellsAcceptance) TellAcceptance();
        var outcome = failure?.Status ?? TinyFutureStatus.Succeeded;
        var error = failure is { IsCancellation: false } ? failure.Exception : null;
        Guarded(() => TinyWorkerMeter.Ended(owner.Name, outcome, error, ran));
        if (_span is not null) Guarded(() => TinyWorkerActivity.EndTask(_span, outcome, error));
    }

    private bool MustTell_NeedsLock()
    {
        var must = !_isTold;
        _isTold = true;
        return must;
    }

    private TimeSpan Lap_NeedsLock()
    {
        var before = _since;
        _since = owner.TimeProvider.GetTimestamp();
        return owner.TimeProvider.GetElapsedTime(before, _since);
    }

    private void Guarded(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Log.ListenerFaulted(owner.Logger, owner.Name, e);
        }
    }
}
