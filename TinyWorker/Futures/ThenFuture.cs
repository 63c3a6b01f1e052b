using TinyWorker.Diagnostics;

namespace TinyWorker.Futures;

/// <summary>
/// A function applied to another future's result, on the pool. Pending until the input is there; Running on the pool; the function, what
/// it captured and the input are dropped when it ends. Cancelled while pending, it leaves no trace on its input.
/// </summary>
internal sealed class ThenFuture<T, TNext> : TinyFuture<TNext>, IContinuation
{
    private ExecutionContext? _context = ExecutionContext.Capture();
    private TinyFuture<T>? _input;
    private Func<T, TNext>? _function;

    public ThenFuture(TinyFuture<T> input, Func<T, TNext> function)
    {
        OwnTroupe = input.OwnTroupe;
        _input = input;
        _function = function;
    }

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    internal override ITroupeCore? OwnTroupe { get; }

    private protected override IWatchable? Input => Volatile.Read(ref _input);

    public void OnSourceCompleted()
    {
        if (Volatile.Read(ref _input) is not { } input) return;   // cancelled before
        Schedule.Point();
        if (input.FailureOrNull is { } failure)
        {
            if (TryEnd(failure)) Drop();
        }
        else if (TryMove(Pending, Running))
        {
            OnPool.Run(_context, static self => self.Apply(), this);
        }
    }

    private void Apply()
    {
        // Running can be left by this method alone: Cancel() acts on a pending step only.
        TNext value;
        try
        {
            value = _function!(_input!.Value);
        }
        catch (Exception e)
        {
            Drop();
            Volatile.Write(ref _state, Completing);
            PublishFailure(Failure.Fault(e));
            return;
        }

        Drop();
        Volatile.Write(ref _state, Completing);
        PublishValue(value);
    }

    private protected override bool CancelCore()
    {
        var input = Volatile.Read(ref _input);
        if (!base.CancelCore()) return false;
        Drop();
        input?.ForgetContinuation(this);
        return true;
    }

    private void Drop()
    {
        Volatile.Write(ref _input, null);
        _function = null;
        _context = null;
    }
}
