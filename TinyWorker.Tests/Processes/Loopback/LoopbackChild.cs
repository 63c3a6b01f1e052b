using System.Net.Sockets;
using TinyWorker.Platform;
using TinyWorker.Processes.Parent.Launching;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>A child that is a thread of this process. A kill closes its connections, and its code runs on until it notices.</summary>
internal sealed class LoopbackChild : ILaunchedChild
{
    private static int _ids;

    private readonly ChildSockets _sockets;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<ChildExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Runs the entry point on a thread of its own; its result is the exit code.</summary>
    public LoopbackChild(string name, Func<LoopbackChild, ChildSockets, int> serve)
    {
        (Data, var data) = Connected();
        (Control, var control) = Connected();
        _sockets = new ChildSockets(name, new SocketConnection(data), new SocketConnection(control));
        _thread = new Thread(() =>
        {
            try
            {
                End(serve(this, _sockets), null);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                // The child was killed.
            }
        }) { Name = name, IsBackground = true };
        _thread.UnsafeStart();
    }

    public Socket Data { get; }

    public Socket Control { get; }

    public int ProcessId { get; } = -Interlocked.Increment(ref _ids);

    public long ResidentBytes => 1;

    /// <summary>Whether its code runs, even if it was killed.</summary>
    public bool IsRunning => _thread.IsAlive;

    public Task<ChildExit> Exited => _exited.Task;

    public void EndStart()
    {
    }

    public void Kill(string? because = null) => End(137, "SIGKILL", because);

    /// <summary>The child exits, but a process that it has started holds its ends of the connections open.</summary>
    public void ExitWithConnectionsOpen(int code) => _exited.TrySetResult(new ChildExit(ProcessId, code, null, []));

    public async ValueTask DisposeAsync()
    {
        Kill();
        await Exited;
        Data.Dispose();
        Control.Dispose();
    }

    private void End(int code, string? signal, string? because = null)
    {
        if (!_exited.TrySetResult(new ChildExit(ProcessId, code, signal, []) { KilledBecause = because })) return;
        _sockets.Data.Dispose();
        _sockets.Control.Dispose();
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
