using System.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// A submitted task: the work item and its future in one object. The gate accepts it, it enters the queue, a worker loop takes it, and it
/// ends. Cancel, an abort or a broken troupe may end it while it waits; then it stays in the queue as a tombstone until a worker loop
/// passes over it.
/// </summary>
/// <remarks>
/// The compare-and-swap that takes the item out of Pending also decides who frees its place at the gate: each accepted item leaves the
/// gate once. An item is counted before its end is published: whoever sees that it has ended finds it in the snapshot.
/// </remarks>
internal class WorkItem<TIn, TOut> : TinyFuture<TOut>, IAdmissible, IQueuedItem, IHasDeadline
{
    // The core. Another home at submission, if there is a token, an activity or terms to keep, or a listener; else by the worker loop that
    // gives the task back.
    private ItemHome<TIn, TOut> _home;
    private TIn? _input;   // dropped when the task has ended
    private int _place;    // see Worker and Slot

    public WorkItem(TroupeCore<TIn, TOut> core, TIn input)
        : this(core) => _input = input;

    protected WorkItem(TroupeCore<TIn, TOut> core) => _home = core;

    internal override IFutureOwner? OwnTroupe => Core;

    private protected override IFutureOwner? WorkedBy => Core;

    public TIn Argument => _input!;

    public Activity? Activity => Context?.Activity;

    /// <summary>The place of the worker loop that has the task, or had it last. Written by that loop before it starts the task.</summary>
    public int Worker => Volatile.Read(ref _place);

    /// <summary>Where it is in the waiting room, while it is there: then no worker loop can have it.</summary>
    protected int Slot
    {
        get => Volatile.Read(ref _place);
        set => _place = value;
    }

    /// <summary>How often it was tried before.</summary>
    public int Attempts => Context?.Attempts ?? 0;

    /// <inheritdoc cref="ItemContext.Excuses"/>
    public int Excuses => Context?.Excuses ?? 0;

    /// <summary>Whether the task is measured, or a listener gets to know of it.</summary>
    public bool IsWatched => Context is ItemTelemetry;

    /// <summary>The submitter's execution context, if the task is to run in it.</summary>
    public ExecutionContext? Flow => Context?.Flow;

    /// <summary>What the task asked for; null if it asked for nothing.</summary>
    public SubmitTerms? Terms => Context?.Terms;

    /// <summary>When the task must have ended; null if it has no deadline.</summary>
    public TaskDeadline? Deadline => Context?.Deadline;

    /// <summary>Whether it has a deadline, and that has passed.</summary>
    public bool IsLate => Deadline is { IsPast: true };

    /// <summary>Whether it is running and was not asked to stop.</summary>
    public bool MayBeAskedToStop => Volatile.Read(ref _state) == Running;

    /// <summary>Whether it was asked to stop and has not ended.</summary>
    public bool IsAskedToStop => Volatile.Read(ref _state) == StopRequested;

    /// <summary>Whether it has ended, or is about to.</summary>
    public bool IsEnding => Volatile.Read(ref _state) >= Completing;

    /// <summary>What a worker that passes the task on needs to know of its terms.</summary>
    public ForwardedTerms TermsToForward() =>
        Context is { Terms: { } terms } context ? new ForwardedTerms(terms.Timeout, context.Deadline?.Left()) : default;

    protected TroupeCore<TIn, TOut> Core => _home.Core;

    private ItemContext? Context => _home.Context;

    private ItemTelemetry? Telemetry => Context as ItemTelemetry;

    // The way in, in this order ------------------------------------------------------------------------

    /// <summary>Whether <see cref="SetContext"/> has found something to keep.</summary>
    public bool HasContext => Context is not null;

    /// <summary>Called before the item is accepted: keeps what belongs to it besides its input.</summary>
    public void SetContext(Activity? activity, CancellationToken cancellationToken, SubmitTerms? terms = null)
    {
        if (Context is not null) return;
        var flow = Core.Settings.FlowExecutionContext ? ExecutionContext.Capture() : null;
        var deadline = terms?.Deadline is { } span ? new TaskDeadline(Core, span, this) : null;
        var sampling = Core.Sampling;
        if (sampling is not null && !sampling.TakesNext()) sampling = null;
        var isListenedTo = Core.IsListenedTo;
        if (isListenedTo || sampling is not null)
            Keep(new ItemTelemetry(Core, activity, flow, terms, deadline, isListenedTo, sampling));
        else if (flow is not null || terms is not null) Keep(new FullItemContext(activity, flow, terms, deadline));
        else if (cancellationToken.CanBeCanceled || activity is not null) Keep(new ItemContext(activity));
    }

    private ItemContext Keep(ItemContext context)
    {
        _home = new ItemHome<TIn, TOut>(Core, context);
        return context;
    }

    /// <summary>Called once, after the gate has accepted the item: it goes to where it waits.</summary>
    public void Enter(bool bySubmitter)
    {
        Telemetry?.Accept(tellNow: bySubmitter);
        if (Deadline is { } deadline) EnterUntil(deadline, bySubmitter);
        else EnterWait();
    }

    private void EnterUntil(TaskDeadline deadline, bool bySubmitter)
    {
        if (deadline.HasPassed)
        {
            // At the gate: it does not wait any more.
            TryEndWaiting(deadline.FailureAt(DeadlineStage.WaitingForRoom));
            return;
        }

        EnterWait();
        deadline.Enter();
        if (bySubmitter) deadline.Start(ticket: null);   // else it was started when the ticket queued
    }

    /// <summary>Called after the item was accepted: from now on the submitter's token cancels the task, unless it was for the wait for
    /// room.</summary>
    public void CancelOn(CancellationToken cancellationToken)
    {
        Schedule.Point();
        if (!cancellationToken.CanBeCanceled || IsEnding || Terms is { IsTokenForRoom: true }) return;
        // The task was accepted: an interruption must not take its future from the submitter.
        Context!.Hold(Uninterrupted.Run(
            static own => own.cancellationToken.UnsafeRegister(
                static (item, token) => ((WorkItem<TIn, TOut>)item!).Cancel(token), own.item),
            (cancellationToken, item: this)));
    }

    /// <summary>The item waits for a worker from now on; a <see cref="ChainedWorkItem{TIn, TOut}"/> may wait for its input first.</summary>
    protected virtual void EnterWait() => Core.Enqueue(this);

    protected void EnqueueWith(TIn input)
    {
        Telemetry?.GetInput();
        _input = input;
        Core.Enqueue(this);
        Schedule.Point();
        if (IsEnding) _input = default;   // cancelled meanwhile, perhaps before the input was set: then nobody else drops it
    }

    // For the worker loop, in this order ---------------------------------------------------------------

    /// <summary>Whether the worker loop that takes the item has to make its input.</summary>
    public bool HasDeferredInput => Context?.Terms?.DeferredInput is not null;

    /// <summary>Makes the input, once: if the item is run again, it has the same. False if the item has ended, or if there is nothing to
    /// do: then <see cref="EndWithoutInput"/> is to follow.</summary>
    public bool TryMakeInput()
    {
        if (IsEnding) return false;
        var terms = Context!.Terms!;
        if (!((IDeferredInput<TIn, TOut>)terms.DeferredInput!).TryMake(out _input)) return false;
        terms.DeferredInput = null;
        return true;
    }

    /// <summary>Ends an item whose input could not be made, unless it has ended.</summary>
    public void EndWithoutInput() =>
        TryEndWaiting(Failure.Cancellation("Nothing was left to do for the task when a worker took it."));

    /// <summary>A worker takes the item. False if the item has ended meanwhile.</summary>
    /// <param name="worker">The worker's place.</param>
    /// <param name="isLast">Whether nothing waits behind it.</param>
    public bool TryStart(int worker, out bool isLast)
    {
        Volatile.Write(ref _place, worker);
        Schedule.Point();
        var started = TryMove(Pending, Running);
        isLast = started && LeaveGate();
        return started;
    }

    /// <summary>Called once the item has started, before its worker is called.</summary>
    public void NoteStart() => Telemetry?.Start(_place, Attempts + 1);

    /// <summary>
    /// The loop gives the task back: it waits again, and <see cref="TroupeCore{TIn, TOut}.RunAgain"/> is to follow. False if it was asked
    /// to stop.
    /// </summary>
    public bool TryGiveBack(bool isExcused)
    {
        var context = Context ?? Keep(new ItemContext(activity: null));
        context.HasRun = true;
        if (isExcused) context.Excuses++;
        else if (context.Attempts < ushort.MaxValue) context.Attempts++;
        // Before it can be taken or ended, for either leaves the gate.
        Core.Gate.Reenter();
        Schedule.Point();
        if (!TryMove(Running, Pending))
        {
            Core.Gate.Leave();
            return false;
        }

        Telemetry?.GiveBack();
        return true;
    }

    /// <summary>
    /// The loop is the only one that may end the task from here on. False if the task was asked to stop, or its worker was abandoned.
    /// </summary>
    public bool TryClaim()
    {
        Schedule.Point();
        return TryMove(Running, Completing);
    }

    /// <summary>Called after a claim, once the outcome is counted.</summary>
    public void Succeed(TOut value)
    {
        Telemetry?.End(failure: null);
        ReleaseInput();
        PublishValue(value);
        if (Core.MayRunAgain) Core.FinishEnding();
    }

    /// <summary>Called after a claim, once the outcome is counted.</summary>
    public void Fail(Failure failure)
    {
        FailCore(failure);
        if (Core.MayRunAgain) Core.FinishEnding();
    }

    // For the worker loop that sends items ahead to a worker process -------------------------------------

    /// <summary>The loop sends the item ahead of its start. False if the item has ended meanwhile.</summary>
    public bool TryPrefetch(int worker)
    {
        Volatile.Write(ref _place, worker);
        return TryMove(Pending, Prefetched);
    }

    /// <summary>The worker of the loop has begun the prefetched item.</summary>
    /// <param name="isLast">Whether nothing waits behind it.</param>
    /// <returns>Null if the item is still wanted; else why not, and the loop asks it to stop.</returns>
    public StopReason? StartPrefetched(out bool isLast)
    {
        StopReason? unwanted = TryMove(Prefetched, Running) || TryMove(PrefetchedRecalled, Running) ? null : WhyUnwanted();
        if (unwanted is not null) Volatile.Write(ref _state, Running);   // only its loop moves it out of the unwanted states
        isLast = LeaveGate();
        return unwanted;
    }

    /// <summary>The worker of the loop has not begun the prefetched item, and will not. False if the item is no longer wanted.</summary>
    public bool TryReturn() => TryMove(Prefetched, Pending);

    /// <summary>Ends a prefetched item that has not begun.</summary>
    public void EndPrefetched(Failure failure)
    {
        Volatile.Write(ref _state, Completing);   // only its loop moves it out of the unwanted states, and the loop calls this
        EndUnstarted(failure);
    }

    /// <summary>Ends a prefetched item that has not begun, and is no longer wanted.</summary>
    public void EndUnwanted() => EndPrefetched(WhyUnwanted() switch
    {
        StopReason.Deadline => Deadline!.FailureAt(Stage),
        StopReason.Recall => Failure.Cancellation(new RecalledException()),
        _ => Failure.Cancellation("The task was cancelled before it had started."),
    });

    private StopReason WhyUnwanted() => Volatile.Read(ref _state) switch
    {
        PrefetchedLate => StopReason.Deadline,
        PrefetchedRecalled => StopReason.Recall,
        _ => StopReason.Cancel,
    };

    // For the deadline ladder of its worker, under the lock of the ladder ---------------------------------

    public bool TryRequestStop() => TryMove(Running, StopRequested);

    /// <summary>Ends the time between the request to stop and the end: one caller wins.</summary>
    public bool TryClaimStopped() => TryMove(StopRequested, Completing);

    // For everybody --------------------------------------------------------------------------------------

    // A worker looks out for a single task. If others wait, this one may have to wait behind them.
    internal override bool LookOut() =>
        Core.SpinForEnds is { } spin
        && Core.Gate.Read().Waiting <= 1
        && AwaitContinuation.MayLookOut && spin.TryUntil(static item => item.IsCompleted, this);

    /// <summary>Ends a task that waits. False if it has started or ended.</summary>
    public bool TryEndWaiting(Failure failure)
    {
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return false;
        Schedule.Point();
        EndUnstarted(failure);
        return true;
    }

    /// <summary>Ends a task that waits and whose deadline has passed. False if it is not late, or has started or ended.</summary>
    public bool TryEndLate() => IsLate && TryEndWaiting(Deadline!.FailureAt(Stage));

    /// <summary>Ends a task that waits and was found late, whatever the clock says now; one without a deadline has ended.</summary>
    public void EndLate()
    {
        if (Deadline is { } deadline) TryEndWaiting(deadline.FailureAt(Stage));
    }

    void IHasDeadline.StopAtDeadline() => Stop(StopReason.Deadline, CancellationToken.None);

    /// <summary>What it waits for, now.</summary>
    private DeadlineStage Stage =>
        Input is not null ? DeadlineStage.WaitingForInput
        : Context is { HasRun: true } ? DeadlineStage.WaitingToRunAgain
        : DeadlineStage.WaitingForWorker;

    /// <summary>Called when the item has ended while it waited: it lets go of what it waited with.</summary>
    protected virtual void LeaveWait()
    {
    }

    internal override bool Recall() => Stop(StopReason.Recall, CancellationToken.None);

    internal override bool CancelWithoutGrace() => Stop(StopReason.Cancel, CancellationToken.None, hasGrace: false);

    private protected override bool CancelCore() => Cancel(CancellationToken.None);

    private bool Cancel(CancellationToken token) => Stop(StopReason.Cancel, token);

    /// <summary>Ends the task if it waits, or asks it to stop if it runs, unless it is only recalled. False if it had ended or was asked
    /// before.</summary>
    public bool Stop(StopReason reason, CancellationToken token, bool hasGrace = true)
    {
        while (true)
        {
            Schedule.Point();
            switch (Volatile.Read(ref _state))
            {
                case Pending:
                    if (TryEndWaiting(FailureBy(reason, token))) return true;
                    break;
                case Prefetched:
                    if (TryMakeUnwanted(Prefetched, reason)) return true;
                    break;
                case PrefetchedRecalled when reason != StopReason.Recall:
                    if (TryMakeUnwanted(PrefetchedRecalled, reason)) return true;
                    break;
                case Running when reason != StopReason.Recall:
                    if (Core.Workers.TryStop(this, reason, hasGrace)) return true;
                    break;   // it was asked before, has ended, or waits again
                default:
                    return false;
            }
        }
    }

    private bool TryMakeUnwanted(int from, StopReason reason)
    {
        var to = reason switch
        {
            StopReason.Deadline => PrefetchedLate,
            StopReason.Recall => PrefetchedRecalled,
            _ => PrefetchedUnwanted,
        };
        if (!TryMove(from, to)) return false;
        Core.Workers.RecallPrefetched(this);
        return true;
    }

    private Failure FailureBy(StopReason reason, CancellationToken token) => reason switch
    {
        StopReason.Deadline => Deadline!.FailureAt(Stage),
        StopReason.Recall => Failure.Cancellation(new RecalledException()),
        _ => Failure.Cancellation(new OperationCanceledException(
            token.CanBeCanceled ? "The task was cancelled by the token that it was submitted with." : "The task was cancelled by Cancel().",
            token)),
    };

    private void EndUnstarted(Failure failure)
    {
        var hasRun = Context is { HasRun: true };
        Core.BeginEnding();
        Core.Gate.Leave();
        Core.CountOutside(failure);
        LeaveWait();
        if (hasRun) Core.Retries.Remove(this);
        FailCore(failure);
        Core.DropTombstones();
        Core.FinishEnding();
        if (hasRun) Core.FinishEnding();
        Core.Workers.NoticeQuiet();
    }

    // A task that may run again keeps the troupe from its first start until it has ended: it may have to wait once more.
    private bool LeaveGate()
    {
        if (Core.MayRunAgain && Context is not { HasRun: true }) Core.BeginEnding();
        return Core.Gate.Leave();
    }

    private void FailCore(Failure failure)
    {
        Telemetry?.End(failure);
        ReleaseInput();
        PublishFailure(failure);
    }

    private void ReleaseInput()
    {
        _input = default;
        if (Context is not { } context) return;
        context.Release();
        if (context.Terms is { IsForOneWorker: true }) Core.Release(this);
    }
}
