using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>
/// A task of a pipeline. It ends as the task of the second stage does, once the tasks of both stages have ended: so nothing of it runs any
/// more when it has ended.
/// </summary>
/// <remarks>
/// Only <see cref="OnSourceCompleted"/> ends it. It listens to the second stage alone, which ends after the first: that is what it depends
/// on. If the second ends before (it was cancelled, its troupe was aborted), the first is cancelled, and listened to from then on.
/// Cancel asks both stages to stop and leaves the rest to their ends.
/// </remarks>
internal sealed class PipelineFuture<TMiddle, TOut> : TinyFuture<TOut>, IContinuation, IOwnTask
{
    private readonly ComposedTroupe _troupe;
    private Stages? _stages;           // null once this has ended: then it keeps nothing alive but its own result
    private ItemContext? _context;     // set by Start, if there is a token
    private bool _isCancelled;         // Cancel asked a stage to stop
    private CancellationToken _token;  // that did; written before _isCancelled

    public PipelineFuture(ComposedTroupe troupe, TinyFuture<TMiddle> first, TinyFuture<TOut> second)
    {
        _troupe = troupe;
        _stages = new Stages(first, second);
    }

    public bool IsAbandoned => false;   // it is told of every end

    public bool IsRunning => IsInAWorker;

    internal override IFutureOwner? OwnTroupe => _troupe;

    private protected override bool IsInAWorker => Volatile.Read(ref _stages) is { } stages
        && (stages.First.Status == TinyFutureStatus.Running || stages.Second.Status == TinyFutureStatus.Running);

    private protected override IFutureNode? Input =>
        Volatile.Read(ref _stages) is not { } stages ? null : stages.Second.IsCompleted ? stages.First : stages.Second;

    /// <summary>Called once, when the task was accepted.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        var second = _stages!.Second;
        if (cancellationToken.CanBeCanceled) _context = new ItemContext(activity: null);
        second.AddContinuation(this);
        // The task was accepted: an interruption must not take its future from the submitter.
        _context?.Hold(Uninterrupted.Run(
            static own => own.cancellationToken.UnsafeRegister(
                static (task, token) => ((PipelineFuture<TMiddle, TOut>)task!).Cancel(hasGrace: true, token), own.task),
            (cancellationToken, task: this)));
    }

    public void Abort() => Cancel(hasGrace: true, CancellationToken.None);

    public bool OnSourceCompleted()
    {
        if (Volatile.Read(ref _stages) is not { } stages) return false;
        Schedule.Point();
        if (!stages.First.IsCompleted)
        {
            stages.First.Cancel();
            stages.First.AddContinuation(this);
        }
        else if (TryMove(Pending, Completing))
        {
            End(stages);
        }

        return true;
    }

    internal override bool CancelWithoutGrace() => Cancel(hasGrace: false, CancellationToken.None);

    private protected override bool CancelCore() => Cancel(hasGrace: true, CancellationToken.None);

    // The first stage first: if it waits, the second ends with it. If it runs, the second ends here, and never starts.
    private bool Cancel(bool hasGrace, CancellationToken token)
    {
        if (Volatile.Read(ref _stages) is not { } stages) return false;
        if (!Volatile.Read(ref _isCancelled)) _token = token;
        Volatile.Write(ref _isCancelled, true);
        Schedule.Point();
        return hasGrace
            ? stages.First.Cancel() | stages.Second.Cancel()
            : stages.First.CancelWithoutGrace() | stages.Second.CancelWithoutGrace();
    }

    private void End(Stages stages)
    {
        var failure = FailureOf(stages);
        Volatile.Write(ref _stages, null);
        _context?.Release();
        _troupe.Tasks.Count(this, failure);
        if (failure is null) PublishValue(stages.Second.Value);
        else PublishFailure(failure);
        _troupe.Tasks.Release();
    }

    // The failure of the first stage is that of the second, too, unless the second had ended before.
    private Failure? FailureOf(Stages stages)
    {
        if (stages.Second.PeekedFailure is not { } failure) return null;
        if (stages.First.PeekedFailure is { IsFault: true } earlier && earlier.Exception != failure.Exception)
            return Volatile.Read(ref _isCancelled) && failure.IsCancellation ? earlier : failure.With(earlier.Faults);
        if (!failure.IsCancellation || !_token.IsCancellationRequested) return failure;
        var cancellation = new OperationCanceledException(failure.Exception.Message, failure.Exception, _token);
        return Failure.Cancellation(cancellation).With(failure.Faults);
    }

    private sealed record Stages(TinyFuture<TMiddle> First, TinyFuture<TOut> Second);
}
