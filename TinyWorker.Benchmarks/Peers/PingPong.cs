namespace TinyWorker.Benchmarks.Peers;

/// <summary>The least that one item costs that goes to another thread and comes back: two threads, two semaphores.</summary>
internal sealed class PingPong : IDisposable
{
    private readonly SemaphoreSlim _ping = new(0);
    private readonly SemaphoreSlim _pong = new(0);
    private readonly Thread _thread;

    // The thread that was signalled last owns both fields; the semaphores order the accesses.
    private int _ball;
    private bool _stopped;

    public PingPong(Func<int, int> function)
    {
        _thread = new Thread(() =>
        {
            while (true)
            {
                _ping.Wait();
                if (_stopped)
                    return;
                _ball = function(_ball);
                _pong.Release();
            }
        })
        { IsBackground = true, Name = "ping-pong" };
        _thread.Start();
    }

    public int Call(int x)
    {
        _ball = x;
        _ping.Release();
        _pong.Wait();
        return _ball;
    }

    public void Dispose()
    {
        _stopped = true;
        _ping.Release();
        _thread.Join();
        _ping.Dispose();
        _pong.Dispose();
    }
}
