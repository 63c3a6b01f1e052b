using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// The result of a function applied to how another future has ended, on the shared pool. It is Pending until the input has ended, and
/// Running on the pool. When it ends it drops the function, what the function captured, and the input. If it is cancelled while pending,
/// it leaves nothing behind on its input.
/// </summary>
internal abstract class StepFuture<T, TNext> : TinyFuture<TNext>, IContinuation
{
    private ExecutionContext? _context = ExecutionContext.Capture();
    private TinyFuture<T>? _input;

    protected StepFuture(TinyFuture<T> input)
    {
        OwnTroupe = input.OwnTroupe;
        _input = input;
    }

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    internal override IFutureOwner? OwnTroupe { get; }

    private protected override IFutureNode? Input => Volatile.Read(ref _input);

    /// <summary>The step, subscribed to its input. To be called once, first.</summary>
    public StepFuture<T, TNext> Start()
    {
        _input!.AddContinuation(this);
        return this;
    }

    public bool OnSourceCompleted()
    {
        if (Volatile.Read(ref _input) is not { } input) return false;   // cancelled before
        Schedule.Point();
        if (IsForTheFunction(input.PeekedFailure))
        {
            if (!TryMove(Pending, Running)) return false;
            OnPool.Run(_context, static self => self.Apply(), this);
            return true;
        }

        if (!TryPassOn(input)) return false;
        Drop();
        return true;
    }

    /// <summary>Whether the function is called if the input has ended so.</summary>
    protected abstract bool IsForTheFunction(Failure? failure);

    /// <summary>Ends this, still pending, as the input has ended.</summary>
    protected abstract bool TryPassOn(TinyFuture<T> input);

    /// <summary>Calls the function.</summary>
    protected abstract TNext Call(TinyFuture<T> input);

    protected abstract void DropFunction();

    private void Apply()
    {
        // Only this method leaves Running: Cancel() acts on a pending step only.
        TNext value;
        try
        {
            value = Unfinished.NotIn(Call(_input!));
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
        DropFunction();
        _context = null;
    }
}

/// <summary>A function of the input's result. A failure of the input goes past it.</summary>
internal sealed class ThenFuture<T, TNext>(TinyFuture<T> input, Func<T, TNext> function) : StepFuture<T, TNext>(input)
{
    private Func<T, TNext>? _function = function;

    protected override bool IsForTheFunction(Failure? failure) => failure is null;

    protected override bool TryPassOn(TinyFuture<T> input) => TryEnd(input.PeekedFailure!);

    protected override TNext Call(TinyFuture<T> input) => _function!(input.Value);

    protected override void DropFunction() => _function = null;
}

/// <summary>A function of the input's exception. A result, or a cancellation, goes past it.</summary>
internal sealed class RecoverFuture<T>(TinyFuture<T> input, Func<Exception, T> function) : StepFuture<T, T>(input)
{
    private Func<Exception, T>? _function = function;

    protected override bool IsForTheFunction(Failure? failure) => failure is { IsCancellation: false };

    protected override bool TryPassOn(TinyFuture<T> input) =>
        input.PeekedFailure is { } cancellation ? TryEnd(cancellation) : TryEnd(input.Value);

    protected override T Call(TinyFuture<T> input) => _function!(input.PeekedFailure!.Exception);

    protected override void DropFunction() => _function = null;
}
