using System.Diagnostics;
using TinyWorker.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Futures;

/// <summary>
/// A submitted task: the work item and its future in one object. It is accepted by the gate, enters the channel, is taken by a worker
/// loop, and ends; or it is ended while it waits, by Cancel, an abort, or a broken troupe, and stays in the channel as an empty shell
/// that the worker passes over.
/// </summary>
/// <remarks>
/// The compare-and-swap that takes it out of Pending also decides who gives back its place at the gate: each accepted item leaves once.
/// An ended item is counted before its state is published, so that whoever sees it ended finds it in the snapshot.
/// </remarks>
internal class WorkItem<TIn, TOut>(TinyTroupe<TIn, TOut> troupe) : TinyFuture<TOut>, IAdmissible
{
    private TIn? _input;             // dropped when the task has ended
    private ItemContext? _context;   // set at submission, where there is a token or an activity to carry, or somebody watches

    public WorkItem(TinyTroupe<TIn, TOut> troupe, TIn input)
        : this(troupe) => _input = input;

    internal override ITroupeCore? OwnTroupe => troupe;

    private protected override ITroupeCore? WorkedBy => troupe;

    public TIn Argument => _input!;

    public Activity? Activity => _context?.Activity;

    /// <summary>Whether it has ended, or is about to.</summary>
    protected bool IsEnding => Volatile.Read(ref _state) >= Completing;

    protected TinyTroupe<TIn, TOut> Troupe => troupe;

    private WatchedContext? Watch => _context as WatchedContext;

    /// <summary>Before the item is accepted: notes what it carries besides its input.</summary>
    public void Carry(Activity? activity, CancellationToken cancellationToken)
    {
        if (_context is not null) return;
        if (troupe.IsWatched) _context = new WatchedContext(troupe, activity);
        else if (cancellationToken.CanBeCanceled || activity is not null) _context = new ItemContext(activity);
    }

    /// <summary>After the item was accepted: from now on the submitter's token cancels the task.</summary>
    public void CancelOn(CancellationToken cancellationToken)
    {
        Schedule.Point();
        if (!cancellationToken.CanBeCanceled || IsEnding) return;
        _context!.Hold(cancellationToken.UnsafeRegister(static (state, token) => ((WorkItem<TIn, TOut>)state!).CancelFor(token), this));
    }

    public void Enter()
    {
        Watch?.Accept();
        GoAndWait();
    }

    /// <summary>For the loop that has started it, before it calls its worker.</summary>
    public void NoteStart(int worker) => Watch?.Start(worker);

    /// <summary>A worker takes it. False if it has ended meanwhile.</summary>
    /// <param name="isLast">Whether nothing waits behind it.</param>
    public bool TryStart(out bool isLast)
    {
        Schedule.Point();
        var started = TryMove(Pending, Running);
        isLast = started && troupe.Gate.Leave();
        return started;
    }

    /// <summary>For a loop that sends it ahead of its start. False if it has ended meanwhile.</summary>
    public bool TryHand() => TryMove(Pending, Handed);

    /// <summary>For the loop that has handed it: its worker is at it now.</summary>
    /// <param name="isLast">Whether nothing waits behind it.</param>
    /// <returns>Whether it is still wanted; if not, it is to be asked to stop.</returns>
    public bool StartHanded(out bool isLast)
    {
        var isWanted = TryMove(Handed, Running);
        if (!isWanted) Volatile.Write(ref _state, Running);   // nobody but its loop moves it out of HandedUnwanted
        isLast = troupe.Gate.Leave();
        return isWanted;
    }

    /// <summary>For the loop that has handed it: its worker has not begun it, and will not. False if it is not wanted any more.</summary>
    public bool TryTakeBack() => TryMove(Handed, Pending);

    /// <summary>For the loop that has handed it: ends it unbegun.</summary>
    public void EndHanded(Failure failure)
    {
        Volatile.Write(ref _state, Completing);   // nobody but its loop moves it out of HandedUnwanted, and out of Handed only there
        EndUnstarted(failure);
    }

    /// <summary>For its worker: nobody else may end the task from here on. False if it was asked to stop, or has been given up.</summary>
    public bool TryClaim()
    {
        Schedule.Point();
        return TryMove(Running, Completing);
    }

    /// <summary>Whether it runs and was not asked to stop.</summary>
    public bool MayBeAskedToStop => Volatile.Read(ref _state) == Running;

    /// <summary>Whether it was asked to stop and has not ended.</summary>
    public bool IsAskedToStop => Volatile.Read(ref _state) == StopRequested;

    /// <summary>For the ladder of its worker, under the ladder's lock.</summary>
    public bool TryRequestStop() => TryMove(Running, StopRequested);

    /// <summary>For the ladder of its worker, under the ladder's lock: ends the stage between being asked to stop and having ended.</summary>
    public bool TryClaimStopped() => TryMove(StopRequested, Completing);

    /// <summary>After a claim, with the outcome counted.</summary>
    public void Succeed(TOut value)
    {
        Watch?.End(failure: null);
        Drop();
        PublishValue(value);
    }

    /// <summary>After a claim, with the outcome counted.</summary>
    public void Fail(Failure failure)
    {
        Watch?.End(failure);
        Drop();
        PublishFailure(failure);
    }

    /// <summary>Ends a task that waits. False if it has started or ended.</summary>
    public bool TryEndWaiting(Failure failure)
    {
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return false;
        Schedule.Point();
        EndUnstarted(failure);
        return true;
    }

    private void EndUnstarted(Failure failure)
    {
        troupe.BeginEnding();   // before it leaves the gate: nobody may find the troupe drained until it has ended
        troupe.Gate.Leave();
        troupe.CountOutside(failure);
        LeftWaiting();
        Fail(failure);
        troupe.DropShells();
        troupe.FinishEnding();
    }

    /// <summary>It was accepted: it goes to where it waits for a worker, or for its input.</summary>
    protected virtual void GoAndWait() => EnterChannel();

    protected void EnterChannelWith(TIn input)
    {
        Watch?.GetInput();
        _input = input;
        EnterChannel();
        Schedule.Point();
        if (IsEnding) _input = default;   // cancelled meanwhile: whoever ended it may have dropped the input before
    }

    private void EnterChannel()
    {
        troupe.Queue.Add(this);
        Schedule.Point();
        if (troupe.Verdict is { } verdict) troupe.EndQueued(verdict);
    }

    /// <summary>The item has ended while it waited: what it waited with is to be let go.</summary>
    protected virtual void LeftWaiting()
    {
    }

    private protected override bool CancelCore() => Cancel(CancellationToken.None);

    private void CancelFor(CancellationToken token) => Cancel(token);

    private bool Cancel(CancellationToken token)
    {
        while (true)
        {
            Schedule.Point();
            switch (Volatile.Read(ref _state))
            {
                case Pending:
                    var message = token.CanBeCanceled ? "The task was cancelled by the token that it was submitted with." : "The task was cancelled by Cancel().";
                    if (TryEndWaiting(Failure.Cancellation(new OperationCanceledException(message, token)))) return true;
                    break;
                case Handed:
                    if (!TryMove(Handed, HandedUnwanted)) break;
                    troupe.Crew.RecallHanded();
                    return true;
                case Running:
                    if (troupe.Crew.TryCancel(this)) return true;
                    if (Volatile.Read(ref _state) != Running) return false;
                    break;   // never: whoever runs it has had it as its current one since before it ran
                default:
                    return false;
            }
        }
    }

    private void Drop()
    {
        _input = default;
        _context?.Release();
    }
}
