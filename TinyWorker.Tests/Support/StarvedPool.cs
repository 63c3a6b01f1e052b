namespace TinyWorker.Tests.Support;

/// <summary>Keeps every thread of the shared pool busy until it is disposed. The pool makes no more threads.</summary>
internal sealed class StarvedPool : IDisposable
{
    private readonly ManualResetEventSlim _gate = new();   // not disposed: the pool's threads still use it
    private readonly int _workers;
    private readonly int _ports;
    private bool _probed;

    public StarvedPool()
    {
        ThreadPool.GetMaxThreads(out _workers, out _ports);
        ThreadPool.GetMinThreads(out var least, out _);
        Assert.That(ThreadPool.SetMaxThreads(Math.Max(least, Environment.ProcessorCount), _ports), Is.True);
        for (var i = 0; i < 200; i++) ThreadPool.UnsafeQueueUserWorkItem(_ => _gate.Wait(Within.Deadline), null);
        Within.Until(() => ThreadPool.PendingWorkItemCount > 0 && ThreadPool.ThreadCount >= least, "the starvation of the pool");
        ThreadPool.UnsafeQueueUserWorkItem(_ => Volatile.Write(ref _probed, true), null);
    }

    /// <summary>Whether the pool has been starved since the constructor.</summary>
    public bool IsStarved => !Volatile.Read(ref _probed);

    public void Dispose()
    {
        _gate.Set();
        ThreadPool.SetMaxThreads(_workers, _ports);
    }
}
