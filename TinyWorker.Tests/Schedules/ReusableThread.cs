namespace TinyWorker.Tests.Schedules;

/// <summary>
/// A real thread that runs one scheduled thread after another, because starting a thread costs more than a whole schedule. To pass the
/// turn to another thread, the scheduler releases that thread's semaphore once.
/// </summary>
internal sealed class ReusableThread : IDisposable
{
    private readonly SemaphoreSlim _turn = new(0);
    private readonly Thread _thread;
    private Action? _body;   // null ends the thread

    public ReusableThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "schedule" };
        _thread.UnsafeStart();
    }

    /// <summary>Sets what the thread does when it gets the turn for the first time.</summary>
    public void Assign(Action body) => _body = body;

    public void GiveTurn() => _turn.Release();

    public void AwaitTurn() => _turn.Wait();

    /// <summary>Ends the thread, which must run no scheduled thread.</summary>
    public void Dispose()
    {
        _body = null;
        GiveTurn();
        _thread.Join();
        _turn.Dispose();
    }

    private void Run()
    {
        var clean = ExecutionContext.Capture()!;
        while (true)
        {
            AwaitTurn();
            if (_body is not { } body) return;
            body();
            // The next scheduled thread inherits nothing from this one.
            SynchronizationContext.SetSynchronizationContext(null);
            ExecutionContext.Restore(clean);
        }
    }
}
