using System.Runtime.ExceptionServices;
using Nito.AsyncEx;

namespace TinyWorker.Hosting;

/// <summary>Calls a function with a scope of its own for each task.</summary>
internal sealed class ScopedFunctionWorker<TIn, TOut>(
    ScopeSource scopes, WorkerInfo info, Func<IServiceProvider, TIn, CancellationToken, Task<TOut>> call) : ITinyWorker<TIn, TOut>
{
    public async ValueTask<TOut> CallAsync(TIn input, CancellationToken cancellationToken)
    {
        var scope = scopes.Open(info);
        var result = default(TOut)!;
        ExceptionDispatchInfo? fault = null;
        try
        {
            // No task stands for a default result, as in the core.
            if (call(scope.ServiceProvider, input, cancellationToken) is { } task) result = await task;
        }
        catch (Exception e)
        {
            fault = ExceptionDispatchInfo.Capture(e);
        }

        try
        {
            await SynchronizationContextSwitcher.NoContext(scope.DisposeAsync);
        }
        catch (Exception) when (fault is not null)
        {
            // The task's own error says more, and there is one future only.
        }

        fault?.Throw();
        return result;
    }
}
