using System.Diagnostics.CodeAnalysis;
using TinyWorker.Futures;
using TinyWorker.Tasks;

namespace TinyWorker;

// What the troupes that are composed of this one ask of it.
public sealed partial class TinyTroupe<TIn, TOut> : IStage<TIn, TOut>, IDeferredInputTroupe<TIn, TOut>
{
    int IStage.Breadth => Workers;

    IFutureOwner IStage.Owner => _core;

    bool IStage<TIn, TOut>.TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        var isAccepted = _core.TrySubmit(input, passesTheBound, out future);
        GC.KeepAlive(this);
        return isAccepted;
    }

    bool IStage<TIn, TOut>.TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future)
    {
        var isAccepted = _core.TrySubmit(input, passesTheBound, out future);
        GC.KeepAlive(this);
        return isAccepted;
    }

    Exception? IDeferredInputTroupe<TIn, TOut>.SubmitDeferred(IDeferredInput<TIn, TOut> input, bool bySubmitter)
    {
        var refusal = _core.SubmitDeferred(input, bySubmitter);
        GC.KeepAlive(this);
        return refusal;
    }
}
