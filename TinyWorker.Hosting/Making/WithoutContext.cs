namespace TinyWorker.Hosting;

/// <summary>
/// Calls synchronous code of the user without a synchronization context, as the core does: on a thread of a worker, code that blocks on its
/// own asynchronous code would wait for itself.
/// </summary>
internal static class WithoutContext
{
    public static T Call<T>(Func<T> function)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return function();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }
}
