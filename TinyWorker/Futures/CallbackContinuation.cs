namespace TinyWorker.Futures;

/// <summary>A callback of the user's: called once, on the shared pool, in the execution context in which it was registered.</summary>
internal sealed class CallbackContinuation<T>(TinyFuture<T> future, Action<TinyFuture<T>> callback) : IContinuation
{
    private readonly ExecutionContext? _context = ExecutionContext.Capture();

    public bool IsAbandoned => false;

    public bool OnSourceCompleted()
    {
        OnPool.Run(_context, static self => self.Call(), this);
        return true;
    }

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
