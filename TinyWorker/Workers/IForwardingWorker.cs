using TinyWorker.Tasks;

namespace TinyWorker.Workers;

/// <summary>
/// A worker that passes each task on to a queue elsewhere and waits for the reply. It is told what the task asked for. A limit of time for
/// an attempt is not counted here: the attempt begins there.
/// </summary>
internal interface IForwardingWorker<in TIn, TOut> : ITinyWorker<TIn, TOut>
{
    /// <param name="input">The task's input.</param>
    /// <param name="terms">What the task asked for.</param>
    /// <param name="cancellationToken">Fires when the task is cancelled, and when its deadline has passed.</param>
    ValueTask<TOut> CallAsync(TIn input, ForwardedTerms terms, CancellationToken cancellationToken);
}
