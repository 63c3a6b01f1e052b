using TinyWorker.Futures;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Composing;

/// <summary>Where an item is; guarded by the lock of the <see cref="BatchQueue{TIn, TOut}"/>. An item goes through these in order, and may
/// leave out some.</summary>
internal enum BatchPlace
{
    /// <summary>It was not accepted yet, or its input is unfinished. Once it is accepted, it has a place of the gate.</summary>
    Outside,

    /// <summary>It waits to be taken into a batch. It has a place of the gate.</summary>
    Waiting,

    /// <summary>It is in a batch. Its place of the gate is free.</summary>
    InBatch,

    /// <summary>It has ended, or is about to.</summary>
    Left,
}

/// <summary>An item of a troupe that makes batches: its task and its future.</summary>
/// <remarks>
/// Whoever moves it from Pending to Completing owns its end: Cancel, an abort, its input that failed, or its batch. The owner first takes
/// it out of where it is (<see cref="BatchQueue{TIn, TOut}.Detach"/>), then drops the input, counts the end, and publishes it. So a batch
/// that is formed, under the lock, has the input of each item that is not detached yet.
/// </remarks>
internal sealed class BatchItem<TIn, TOut> : TinyFuture<TOut>, IAdmissible, IContinuation, IOwnTask
{
    private readonly BatchedTroupe<TIn, TOut> _troupe;
    private TIn? _input;                // dropped when the item has ended
    private TinyFuture<TIn>? _source;   // set while the item waits for it
    private ItemContext? _context;      // set before the item is accepted, if there is a token

    public BatchItem(BatchedTroupe<TIn, TOut> troupe, TIn input) => (_troupe, _input) = (troupe, input);

    public BatchItem(BatchedTroupe<TIn, TOut> troupe, TinyFuture<TIn> source) => (_troupe, _source) = (troupe, source);

    public TIn Argument => _input!;

    /// <inheritdoc cref="BatchPlace"/>
    public BatchPlace Place { get; set; }

    /// <summary>For the queue, under its lock: where the item is in the line, while it waits.</summary>
    public LinkedListNode<BatchItem<TIn, TOut>>? Node { get; set; }

    /// <summary>For the queue, under its lock: since when the item waits, if somebody wants to know.</summary>
    public long Since { get; set; }

    /// <summary>Written by the queue, under its lock.</summary>
    public Batch<TIn, TOut>? Batch { get; set; }

    /// <summary>Guarded by the lock of the queue: the item was cancelled, and ends so with its batch. Null if it is wanted.</summary>
    public Failure? Unwanted { get; set; }

    public bool IsAbandoned => IsEnding;

    public bool IsRunning => IsInAWorker;

    public bool IsEnding => Volatile.Read(ref _state) >= Completing;

    internal override IFutureOwner? OwnTroupe => _troupe;

    private protected override bool IsInAWorker => Batch is { IsRunning: true };

    private protected override IFutureNode? Input => Volatile.Read(ref _source);

    private protected override IFutureOwner? WorkedBy => _troupe;

    // The way in, in this order ------------------------------------------------------------------------

    /// <summary>Called before the item is accepted.</summary>
    public void Prepare(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled) _context = new ItemContext(activity: null);
    }

    public void Enter(bool bySubmitter)
    {
        _troupe.Tasks.Keep();
        _troupe.Tasks.Accept(this);
        EnterWait(bySubmitter);
        Schedule.Point();
        if (_troupe.Tasks.IsAborted) Abort();
    }

    /// <summary>Called after the item was accepted.</summary>
    public void CancelOn(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled || IsEnding) return;
        _context!.Hold(Uninterrupted.Run(
            static own => own.cancellationToken.UnsafeRegister(
                static (item, token) => ((BatchItem<TIn, TOut>)item!).Cancel(CancelledBy(token), hasGrace: true), own.item),
            (cancellationToken, item: this)));
    }

    public bool OnSourceCompleted() => Volatile.Read(ref _source) is { } source && Receive(source, bySubmitter: false);

    // The way out ----------------------------------------------------------------------------------------

    public bool TrySucceed(TOut value) => TryEndAs(failure: null, value);

    public bool TryFail(Failure failure) => TryEndAs(failure, default);

    public void Abort()
    {
        if (_troupe.Queue.RunningBatchOf(this) is { } batch) batch.Cancel(hasGrace: true);
        else TryFail(Failure.Cancellation($"The troupe '{_troupe.Name}' was aborted."));
    }

    internal override bool CancelWithoutGrace() => Cancel(CancelledByCancel(), hasGrace: false);

    private protected override bool CancelCore() => Cancel(CancelledByCancel(), hasGrace: true);

    private bool Cancel(Failure failure, bool hasGrace) =>
        _troupe.Queue.TryLeaveToItsBatch(this, failure, hasGrace, out var isAsked) ? isAsked : TryFail(failure);

    private static Failure CancelledBy(CancellationToken token) => Failure.Cancellation(
        new OperationCanceledException("The task was cancelled by the token that it was submitted with.", token));

    private void EnterWait(bool bySubmitter)
    {
        if (Volatile.Read(ref _source) is not { } source)
        {
            _troupe.Queue.Add(this, bySubmitter);
        }
        else if (source.IsCompleted)
        {
            Receive(source, bySubmitter);
        }
        else
        {
            source.AddContinuation(this);
            Schedule.Point();
            if (IsEnding) source.ForgetContinuation(this);   // ended meanwhile, perhaps before this was a continuation of it
        }
    }

    /// <summary>Whether the item takes over how the input has ended.</summary>
    private bool Receive(TinyFuture<TIn> source, bool bySubmitter)
    {
        Schedule.Point();
        if (source.PeekedFailure is { } failure)
        {
            if (!TryFail(failure)) return false;
            failure.Look();
            return true;
        }

        _input = source.Value;
        Volatile.Write(ref _source, null);
        _troupe.Queue.Add(this, bySubmitter);
        Schedule.Point();
        if (IsEnding) _input = default;   // ended meanwhile, perhaps before the input was set
        return true;
    }

    private bool TryEndAs(Failure? failure, TOut? value)
    {
        Schedule.Point();
        if (!TryMove(Pending, Completing)) return false;
        _troupe.Queue.Detach(this);
        if (Interlocked.Exchange(ref _source, null) is { IsCompleted: false } source) source.ForgetContinuation(this);
        _input = default;
        _context?.Release();
        _troupe.Tasks.Count(this, failure);
        if (failure is null) PublishValue(value!);
        else PublishFailure(failure);
        Batch = null;
        _troupe.Tasks.Release();
        return true;
    }
}
