using System.Runtime.ExceptionServices;
using Microsoft.Extensions.DependencyInjection;
using Nito.AsyncEx;

namespace TinyWorker.Hosting;

/// <summary>A worker that the container made, with its scope: they end together. What the core sees is of the same kind as the worker: the
/// core treats synchronous and asynchronous workers differently, and starts the latter.</summary>
internal static class ScopedWorker<TIn, TOut>
{
    /// <summary>Called by the core, where the worker will live.</summary>
    public static ITinyWorker<TIn, TOut> Make<TWorker>(ScopeSource scopes, WorkerInfo info, TroupeRegistration registration)
        where TWorker : class, ITinyWorker<TIn, TOut>
    {
        var scope = scopes.Open(info);
        try
        {
            using var making = Making.OfWorker(registration, typeof(TWorker).Name);
            var fromContainer = scope.ServiceProvider.GetService<TWorker>();
            // What the container has made, it disposes with the scope.
            ITinyWorker<TIn, TOut> worker = fromContainer ?? ActivatorUtilities.CreateInstance<TWorker>(scope.ServiceProvider);
            var life = new ScopedLife(scope, fromContainer is null ? worker : null);
            return worker switch
            {
                TinyWorker<TIn, TOut> synchronous => new Synchronous(synchronous, life),
                TinyAsyncWorker<TIn, TOut> asynchronous => new Asynchronous(asynchronous, life),
                _ => new Plain(worker, life),
            };
        }
        catch (Exception e)
        {
            // The scope must be disposed asynchronously, and this is no place to await: the core disposes a worker that does not start.
            return new Unmade(ExceptionDispatchInfo.Capture(e), new ScopedLife(scope, worker: null));
        }
    }

    private sealed class Synchronous(TinyWorker<TIn, TOut> worker, ScopedLife life) : TinyWorker<TIn, TOut>, IAsyncDisposable
    {
        public override TOut Call(TIn input, CancellationToken cancellationToken) => worker.Call(input, cancellationToken);

        public ValueTask DisposeAsync() => life.EndAsync();
    }

    private sealed class Asynchronous(TinyAsyncWorker<TIn, TOut> worker, ScopedLife life) : TinyAsyncWorker<TIn, TOut>, IAsyncDisposable
    {
        public override ValueTask StartAsync(CancellationToken cancellationToken) => worker.StartAsync(cancellationToken);

        public override ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) =>
            worker.CallAsync(input, cancellationToken);

        public ValueTask DisposeAsync() => life.EndAsync();
    }

    private sealed class Plain(ITinyWorker<TIn, TOut> worker, ScopedLife life) : ITinyWorker<TIn, TOut>, IAsyncDisposable
    {
        public ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => worker.CallAsync(input, cancellationToken);

        public ValueTask DisposeAsync() => life.EndAsync();
    }

    private sealed class Unmade(ExceptionDispatchInfo why, ScopedLife life) : TinyAsyncWorker<TIn, TOut>, IAsyncDisposable
    {
        public override ValueTask StartAsync(CancellationToken cancellationToken)
        {
            why.Throw();
            return default;
        }

        public override ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken) => throw why.SourceException;

        public ValueTask DisposeAsync() => life.EndAsync();
    }
}

/// <summary>The end of a worker and of its scope.</summary>
/// <param name="scope">The scope.</param>
/// <param name="worker">The worker, unless the scope disposes it.</param>
internal sealed class ScopedLife(AsyncServiceScope scope, object? worker)
{
    /// <summary>Disposes the worker first, then what it was made with, whatever throws.</summary>
    public async ValueTask EndAsync()
    {
        Exception? fault = null;
        try
        {
            // Synchronous code of the user runs before the first await, where the worker lived.
            if (worker is IAsyncDisposable asynchronous) await asynchronous.DisposeAsync();
            else if (worker is IDisposable synchronous) SynchronizationContextSwitcher.NoContext(synchronous.Dispose);
        }
        catch (Exception e)
        {
            fault = e;
        }

        try
        {
            await SynchronizationContextSwitcher.NoContext(scope.DisposeAsync);
        }
        catch (Exception e) when (fault is not null)
        {
            throw new AggregateException(fault, e);
        }

        if (fault is not null) ExceptionDispatchInfo.Throw(fault);
    }
}
