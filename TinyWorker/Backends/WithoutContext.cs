namespace TinyWorker.Backends;

/// <summary>
/// While it lasts the thread has no synchronization context. Constructors, Dispose, serializers and loggers run so: they cannot await, and may well
/// block on asynchronous code, which must not wait to come back to this very thread.
/// </summary>
internal readonly ref struct WithoutContext : IDisposable
{
    private readonly SynchronizationContext? _before = SynchronizationContext.Current;

    public WithoutContext() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_before);
}
