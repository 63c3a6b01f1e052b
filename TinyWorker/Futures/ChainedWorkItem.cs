using TinyWorker.Diagnostics;
using TinyWorker.Queueing;

namespace TinyWorker.Futures;

/// <summary>
/// A task whose input is an unfinished future. It waits outside the workers, in its troupe's waiting room and as a continuation of its
/// input; when the input is there it enters the channel on the thread that finished the input, with no hop between.
/// </summary>
internal sealed class ChainedWorkItem<TIn, TOut>(TinyTroupe<TIn, TOut> troupe, TinyFuture<TIn> source)
    : WorkItem<TIn, TOut>(troupe), IContinuation, IWaitingItem
{
    private TinyFuture<TIn>? _source = source;   // set while the item waits for it

    public bool IsAbandoned => IsEnding;

    public int Seat { get; set; }

    private protected override IWatchable? Input => Volatile.Read(ref _source);

    protected override void GoAndWait()
    {
        if (_source is not { } input) return;
        if (input.IsCompleted)
        {
            Receive(input);
            return;
        }

        Troupe.WaitingRoom.Add(this);
        if (Schedule.IsPlanted(PlantedBug.ForgottenDependent)) input.TryAddContinuation(this);
        else input.AddContinuation(this);
        Schedule.Point();
        // Who ended it meanwhile may have done so before the input knew it.
        if (Troupe.Verdict is { } verdict && !TryEndWaiting(verdict)) input.ForgetContinuation(this);
    }

    public void OnSourceCompleted()
    {
        // Not there any more: it was ended while it waited, and whoever ended it has seen to everything.
        if (Volatile.Read(ref _source) is { } input && Troupe.WaitingRoom.Remove(this)) Receive(input);
    }

    protected override void LeftWaiting()
    {
        Troupe.WaitingRoom.Remove(this);
        Schedule.Point();
        if (Interlocked.Exchange(ref _source, null) is { IsCompleted: false } input) input.ForgetContinuation(this);
    }

    private void Receive(TinyFuture<TIn> input)
    {
        Volatile.Write(ref _source, null);
        Schedule.Point();
        if (input.FailureOrNull is { } failure)
        {
            TryEndWaiting(failure);
            return;
        }

        EnterChannelWith(input.Value);
    }
}
