using TinyWorker.Diagnostics;
using TinyWorker.Streaming;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker;

// What the maps over this troupe ask of it.
public sealed partial class TinyTroupe<TIn, TOut> : IMapTarget<TIn, TOut>
{
    SignallingTicket? IMapTarget<TIn, TOut>.SubmitOrQueue(TIn input, Signal signal, out TinyFuture<TOut> future)
    {
        var ticket = _core.SubmitOrQueue(input, signal, out future);
        GC.KeepAlive(this);
        return ticket;
    }

    Exception IMapTarget<TIn, TOut>.Stopped() => _core.Stopped();

    void IMapTarget<TIn, TOut>.Add(IMapGauge map) => _troupe.Maps.Add(map);

    void IMapTarget<TIn, TOut>.Remove(IMapGauge map) => _troupe.Maps.Remove(map);
}
