using TinyWorker.Futures;
using TinyWorker.Threading;

namespace TinyWorker.Tasks;

/// <summary>
/// A task whose input is an unfinished future. It waits outside the workers: in the waiting room of its troupe, and as a continuation of
/// its input. The thread that completes the input puts the item into the queue; no other thread is needed.
/// </summary>
internal sealed class ChainedWorkItem<TIn, TOut>(TroupeCore<TIn, TOut> core, TinyFuture<TIn> source)
    : WorkItem<TIn, TOut>(core), IContinuation, IWaitingItem
{
    private TinyFuture<TIn>? _source = source;   // set while the item waits for it

    public bool IsAbandoned => IsEnding;

    int IWaitingItem.Slot
    {
        get => Slot;
        set => Slot = value;
    }

    private protected override IFutureNode? Input => Volatile.Read(ref _source);

    protected override void EnterWait()
    {
        if (_source is not { } input) return;
        if (input.IsCompleted)
        {
            Receive(input);
            return;
        }

        Core.WaitingRoom.Add(this);
        input.AddContinuation(this);
        Schedule.Point();
        // If the item ended meanwhile, perhaps its continuation was not yet on the input: then it is removed here.
        if (Core.TerminalFailure is { } failure && !TryEndWaiting(failure)) input.ForgetContinuation(this);
    }

    // An item that is no longer in the waiting room was ended there, and needs nothing more.
    public bool OnSourceCompleted() =>
        Volatile.Read(ref _source) is { } input && Core.WaitingRoom.Remove(this) && Receive(input);

    protected override void LeaveWait()
    {
        Core.WaitingRoom.Remove(this);
        Schedule.Point();
        if (Interlocked.Exchange(ref _source, null) is { IsCompleted: false } input) input.ForgetContinuation(this);
    }

    /// <summary>Whether the item takes over how the input has ended.</summary>
    private bool Receive(TinyFuture<TIn> input)
    {
        Volatile.Write(ref _source, null);
        Schedule.Point();
        if (input.PeekedFailure is not { } failure)
        {
            EnqueueWith(input.Value);
            return true;
        }

        if (!TryEndWaiting(failure)) return false;
        failure.Look();
        return true;
    }
}
