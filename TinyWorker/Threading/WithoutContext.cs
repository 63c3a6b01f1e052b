namespace TinyWorker.Threading;

/// <summary>
/// Takes the synchronization context off the thread until it is disposed. Constructors, Dispose, serializers and loggers run so: they
/// cannot await, and may block on asynchronous code. That code must not wait to come back to the blocked thread.
/// </summary>
internal readonly ref struct WithoutContext : IDisposable
{
    private readonly SynchronizationContext? _before = SynchronizationContext.Current;

    public WithoutContext() => SynchronizationContext.SetSynchronizationContext(null);

    public void Dispose() => SynchronizationContext.SetSynchronizationContext(_before);
}
