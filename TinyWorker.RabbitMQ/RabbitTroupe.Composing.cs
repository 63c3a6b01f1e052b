using System.Diagnostics.CodeAnalysis;
using TinyWorker.Diagnostics;
using TinyWorker.Futures;
using TinyWorker.Streaming;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.RabbitMQ;

// What maps, composed troupes and watches ask of a troupe: the inner one answers.
public sealed partial class RabbitTroupe<TIn, TOut>
    : IStage<TIn, TOut>, IDeferredInputTroupe<TIn, TOut>, IMapTarget<TIn, TOut>, IWatchable
{
    int IStage.Breadth => MaxInFlight;

    IFutureOwner IStage.Owner => ((IStage)_inner).Owner;

    // A window holds the inputs and results of its items: with one of four items for each of 1,024 slots a map of large items would need
    // gigabytes. With one for each the broker has as much as it may have, while the consumer keeps up.
    int IMapTarget<TIn, TOut>.Workers => Math.Max(1, MaxInFlight / MapOptions.WindowPerWorker);

    IWatchedTroupe IWatchable.Watched => ((IWatchable)_inner).Watched;

    bool IStage<TIn, TOut>.TrySubmit(TIn input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        ((IStage<TIn, TOut>)_inner).TrySubmit(input, passesTheBound, out future);

    bool IStage<TIn, TOut>.TrySubmit(TinyFuture<TIn> input, bool passesTheBound, [NotNullWhen(true)] out TinyFuture<TOut>? future) =>
        ((IStage<TIn, TOut>)_inner).TrySubmit(input, passesTheBound, out future);

    Exception? IDeferredInputTroupe<TIn, TOut>.SubmitDeferred(IDeferredInput<TIn, TOut> input, bool bySubmitter) =>
        ((IDeferredInputTroupe<TIn, TOut>)_inner).SubmitDeferred(input, bySubmitter);

    SignallingTicket? IMapTarget<TIn, TOut>.SubmitOrQueue(TIn input, Signal signal, out TinyFuture<TOut> future) =>
        ((IMapTarget<TIn, TOut>)_inner).SubmitOrQueue(input, signal, out future);

    Exception IMapTarget<TIn, TOut>.Stopped() => ((IMapTarget<TIn, TOut>)_inner).Stopped();

    void IMapTarget<TIn, TOut>.Add(IMapGauge map) => ((IMapTarget<TIn, TOut>)_inner).Add(map);

    void IMapTarget<TIn, TOut>.Remove(IMapGauge map) => ((IMapTarget<TIn, TOut>)_inner).Remove(map);
}
