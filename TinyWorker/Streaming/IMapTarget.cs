using TinyWorker.Diagnostics;
using TinyWorker.Tasks;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>
/// What a map asks of a troupe of this library, beside <see cref="ITinyTroupe{TIn, TOut}"/>. A map over any other troupe does without.
/// </summary>
internal interface IMapTarget<TIn, TOut>
{
    /// <summary>How many workers the troupe may have now.</summary>
    int Workers { get; }

    /// <summary>
    /// Submits an item and returns null. If the troupe is full it returns a ticket that queues for a place; the signal is set when the
    /// ticket has ended.
    /// </summary>
    SignallingTicket? SubmitOrQueue(TIn input, Signal signal, out TinyFuture<TOut> future);

    /// <summary>The error of a troupe that takes no more items.</summary>
    Exception Stopped();

    /// <summary>A map has begun. It is held weakly.</summary>
    void Add(IMapGauge map);

    /// <summary>A map has ended.</summary>
    void Remove(IMapGauge map);
}
