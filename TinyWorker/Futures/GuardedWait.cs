using TinyWorker.Threading;

namespace TinyWorker.Futures;

/// <summary>
/// What a worker waits for in the place of a future behind which a step still runs: the step may return a future of the worker's own
/// troupe. Then this faults with the refusal. Else it ends as the future does.
/// </summary>
/// <remarks>
/// It subscribes to the future and to each open step, and asks again when one of these steps has returned. Whatever comes first ends it,
/// and then it leaves nothing behind. A subscription that is added while it ends is removed by whoever added it.
/// </remarks>
/// <param name="future">The future that the worker waits for.</param>
/// <param name="troupe">The worker's own troupe.</param>
/// <param name="looks">Whether the worker gets a fault by this wait, which takes it over then, and has it told if the worker has gone
/// meanwhile. Else the worker gets the future itself, and may look at it or not.</param>
internal sealed class GuardedWait<T>(TinyFuture<T> future, IFutureOwner troupe, bool looks) : PromiseFuture<T>, IContinuation
{
    private readonly Lock _lock = new();
    private readonly HashSet<IFutureNode> _steps = new(ReferenceEqualityComparer.Instance);   // guarded by _lock: those subscribed to
    private StepContinuation? _onStep;   // set by Start

    public bool IsAbandoned => Volatile.Read(ref _state) >= Completing;

    private protected override IFutureOwner? FaultOwner => ((IFutureNode)future).FaultOwner;

    /// <summary>Subscribes. To be called once, first.</summary>
    public GuardedWait<T> Start(List<IFutureNode> openSteps)
    {
        _onStep = new StepContinuation(this);
        future.AddContinuation(this);
        Subscribe(openSteps);
        return this;
    }

    public bool OnSourceCompleted()
    {
        var taken = future.PeekedFailure is { } failure ? TrySetFailure(failure) : TrySetResult(future.Value);
        if (taken) Leave();
        return taken && looks;
    }

    private protected override bool CancelCore()
    {
        if (!base.CancelCore()) return false;
        Leave();
        return true;
    }

    private void OnStepCompleted()
    {
        if (IsAbandoned) return;
        if (!SelfWait.IsThreatenedBy(future, troupe, out var openSteps)) Subscribe(openSteps ?? []);
        else if (TrySetFailure(Failure.Fault(SelfWait.Refusal(troupe)))) Leave();
    }

    private void Subscribe(List<IFutureNode> openSteps)
    {
        foreach (var step in openSteps)
        {
            using (Uninterrupted.Enter(_lock))
                if (!_steps.Add(step)) continue;
            step.AddContinuation(_onStep!);
        }

        Schedule.Point();
        if (!IsAbandoned) return;
        foreach (var step in openSteps) step.ForgetContinuation(_onStep!);
        future.ForgetContinuation(this);
    }

    private void Leave()
    {
        IFutureNode[] steps;
        using (Uninterrupted.Enter(_lock))
        {
            steps = [.. _steps];
            _steps.Clear();
        }

        foreach (var step in steps) step.ForgetContinuation(_onStep!);
        future.ForgetContinuation(this);
    }

    private sealed class StepContinuation(GuardedWait<T> guard) : IContinuation
    {
        public bool IsAbandoned => guard.IsAbandoned;

        public bool OnSourceCompleted()
        {
            guard.OnStepCompleted();
            return false;
        }
    }
}
