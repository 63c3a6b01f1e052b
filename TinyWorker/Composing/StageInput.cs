using TinyWorker.Tasks;

namespace TinyWorker.Composing;

/// <summary>The input of one stage: plain, or a future.</summary>
internal readonly struct StageInput<TIn>
{
    private readonly TIn? _value;
    private readonly TinyFuture<TIn>? _future;

    public StageInput(TIn value) => _value = value;

    public StageInput(TinyFuture<TIn> future) => _future = future;

    /// <summary>Submits without waiting. Null if there is no room, or if the troupe is not of this library.</summary>
    public TinyFuture<TOut>? TrySubmitTo<TOut>(ITinyTroupe<TIn, TOut> troupe, bool passesTheBound)
    {
        if (troupe is not IStage<TIn, TOut> stage) return null;
        TinyFuture<TOut>? future;
        if (_future is null) stage.TrySubmit(_value!, passesTheBound, out future);
        else stage.TrySubmit(_future, passesTheBound, out future);
        return future;
    }

    public TinyFuture<TOut> SubmitTo<TOut>(ITinyTroupe<TIn, TOut> troupe, CancellationToken cancellationToken) =>
        _future is null ? troupe.Submit(_value!, cancellationToken) : troupe.Submit(_future, cancellationToken);

    public ValueTask<TinyFuture<TOut>> SubmitToAsync<TOut>(ITinyTroupe<TIn, TOut> troupe, CancellationToken cancellationToken) =>
        _future is null ? troupe.SubmitAsync(_value!, cancellationToken) : troupe.SubmitAsync(_future, cancellationToken);
}
