namespace TinyWorker.Tests.Support;

/// <summary>
/// Keeps the common queue of the shared pool full until it is disposed. What is in the local queue of a thread then runs on that thread
/// or never.
/// </summary>
internal sealed class BusyPool : IThreadPoolWorkItem, IDisposable
{
    private bool _isOver;

    public BusyPool()
    {
        for (var i = 0; i < 20 * Environment.ProcessorCount; i++) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Execute()
    {
        Thread.SpinWait(2000);
        if (!Volatile.Read(ref _isOver)) ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public void Dispose() => Volatile.Write(ref _isOver, true);
}
