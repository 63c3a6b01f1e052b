using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// Ends as a future does that a step returns; the future that is not there (null) is one whose result is default. If it is cancelled
/// before, it leaves nothing behind on either, and a step that has not begun never runs.
/// </summary>
/// <remarks>It is told twice, first by the step and then by the future that the step has returned: never by both at once.</remarks>
internal sealed class UnwrappedFuture<T>(TinyFuture<TinyFuture<T>?> step) : PromiseFuture<T>, IContinuation, IUnwrappedFuture
{
    private TinyFuture<TinyFuture<T>?>? _step = step;   // null once this future has ended
    private bool _isPastTheStep;

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    internal override IFutureOwner? OwnTroupe { get; } = step.OwnTroupe;

    IFutureNode? IUnwrappedFuture.Step => Volatile.Read(ref _step);

    private protected override IFutureNode? Input => Volatile.Read(ref _step) is { IsSuccess: true } step ? step.Value : _step;

    /// <summary>Subscribes to the step. To be called once, first.</summary>
    public UnwrappedFuture<T> Start()
    {
        _step!.AddContinuation(this);
        return this;
    }

    public bool OnSourceCompleted()
    {
        if (Volatile.Read(ref _step) is not { } step) return false;   // cancelled before
        Schedule.Point();
        if (step.PeekedFailure is { } failure) return End(TrySetFailure(failure));
        if (step.Value is not { } inner) return End(TrySetResult(default!));
        if (inner == this)
        {
            return End(TrySetFailure(Failure.Fault(new InvalidOperationException(
                "The function of a Then returned the future of its own step, which would wait for itself for ever."))));
        }

        if (_isPastTheStep) return End(inner.PeekedFailure is { } fault ? TrySetFailure(fault) : TrySetResult(inner.Value));
        _isPastTheStep = true;
        inner.AddContinuation(this);
        Schedule.Point();
        if (IsAbandoned) inner.ForgetContinuation(this);   // cancelled meanwhile, perhaps before this was a continuation of it
        return true;
    }

    private protected override bool CancelCore()
    {
        var step = Volatile.Read(ref _step);
        if (!base.CancelCore()) return false;
        Volatile.Write(ref _step, null);
        step!.Cancel();
        step.ForgetContinuation(this);
        if (step.IsSuccess) step.Value?.ForgetContinuation(this);
        return true;
    }

    private bool End(bool hasEnded)
    {
        if (hasEnded) Volatile.Write(ref _step, null);
        return hasEnded;
    }
}
