namespace TinyWorker.Futures;

/// <summary>A callback of the user's: called once, on the pool, in the execution context of who registered it.</summary>
internal sealed class CallbackContinuation<T>(TinyFuture<T> future, Action<TinyFuture<T>> callback) : IContinuation
{
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public bool IsAbandoned => false;

    public void OnSourceCompleted() => OnPool.Run(_context, static self => self.Call(), this);

    private void Call()
    {
        try
        {
            callback(future);
        }
        catch (Exception e)
        {
            future.ReportCallbackFault(e);
        }
    }
}
