using TinyWorker.Threading;

namespace TinyWorker.Processes.Child;

/// <summary>
/// Calls an asynchronous worker without the synchronization context of its loop: what it awaits goes on on the pool of the child. So it may
/// block on asynchronous code, as in a troupe of the pool. In the loop's context, that code would wait for the very thread that it blocks.
/// </summary>
internal sealed class WithoutWorkersContext<TIn, TOut>(ITinyWorker<TIn, TOut> worker) : TinyAsyncWorker<TIn, TOut>, IAsyncDisposable
{
    /// <summary>A factory of the same workers that are called so. One that is synchronous needs nothing: its loop calls it so.</summary>
    public static Func<WorkerInfo, ITinyWorker<TIn, TOut>> Around(Func<WorkerInfo, ITinyWorker<TIn, TOut>> factory) =>
        info =>
        {
            var worker = factory(info);
            return worker is null or TinyWorker<TIn, TOut> ? worker! : new WithoutWorkersContext<TIn, TOut>(worker);
        };

    public override ValueTask StartAsync(CancellationToken cancellationToken)
    {
        using var withoutContext = new WithoutContext();
        return worker is TinyAsyncWorker<TIn, TOut> slow ? slow.StartAsync(cancellationToken) : default;
    }

    public override ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken)
    {
        using var withoutContext = new WithoutContext();
        return worker.CallAsync(input, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        using var withoutContext = new WithoutContext();
        if (worker is IAsyncDisposable asynchronous) return asynchronous.DisposeAsync();
        (worker as IDisposable)?.Dispose();
        return default;
    }
}
