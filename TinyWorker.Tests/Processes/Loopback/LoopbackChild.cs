using System.Net.Sockets;
using TinyWorker.Backends.Processes;
using TinyWorker.Backends.Processes.Launching;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>A child that is a thread of this process. Killed, it is cut off, and its code goes on until it notices.</summary>
internal sealed class LoopbackChild : ILaunchedChild
{
    private static int _ids;

    private readonly ChildSide _side;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<ChildExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Serves on a thread of its own; the result is the exit code.</summary>
    public LoopbackChild(string name, Func<LoopbackChild, ChildSide, int> serve)
    {
        (Data, var data) = Connected();
        (Control, var control) = Connected();
        _side = new ChildSide(name, data, control);
        _thread = new Thread(() =>
        {
            try
            {
                End(serve(this, _side), null);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // Killed.
            }
        }) { Name = name, IsBackground = true };
        _thread.UnsafeStart();
    }

    public Socket Data { get; }

    public Socket Control { get; }

    public int ProcessId { get; } = -Interlocked.Increment(ref _ids);

    public long ResidentBytes => 1;

    /// <summary>Whether its code runs, though it may have been killed.</summary>
    public bool IsRunning => _thread.IsAlive;

    public Task<ChildExit> Exited => _exited.Task;

    public void EndStart()
    {
    }

    public void Kill() => End(137, "SIGKILL");

    /// <summary>It is gone, but somebody whom it has started holds its ends of the connections open.</summary>
    public void LeaveBehindAnHeir(int code) => _exited.TrySetResult(new ChildExit(ProcessId, code, null, []));

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        Data.Dispose();
        Control.Dispose();
    }

    private void End(int code, string? signal)
    {
        if (!_exited.TrySetResult(new ChildExit(ProcessId, code, signal, []))) return;
        _side.Data.Dispose();
        _side.Control.Dispose();
    }

    private static (Socket, Socket) Connected()
    {
        var path = Path.Combine(Path.GetTempPath(), "tw-" + Guid.NewGuid().ToString("N")[..12]);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        var one = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        one.Connect(new UnixDomainSocketEndPoint(path));
        var other = listener.Accept();
        File.Delete(path);
        return (one, other);
    }
}
