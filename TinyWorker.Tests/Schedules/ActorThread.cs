namespace TinyWorker.Tests.Schedules;

/// <summary>
/// A thread that is lent to one actor after another, because to start one costs more than a whole schedule. Handing the turn to another
/// thread is one release of its semaphore.
/// </summary>
internal sealed class ActorThread : IDisposable
{
    private readonly SemaphoreSlim _turn = new(0);
    private readonly Thread _thread;
    private Action? _body;   // null ends the thread

    public ActorThread()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "schedule" };
        _thread.UnsafeStart();
    }

    /// <summary>What it does when it gets the turn for the first time.</summary>
    public void Lend(Action body) => _body = body;

    public void GiveTurn() => _turn.Release();

    public void AwaitTurn() => _turn.Wait();

    /// <summary>Ends the thread, which is lent to nobody.</summary>
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
            // Nothing of one actor is left to the next.
            SynchronizationContext.SetSynchronizationContext(null);
            ExecutionContext.Restore(clean);
        }
    }
}
