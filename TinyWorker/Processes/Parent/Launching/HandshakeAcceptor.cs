using System.Net.Sockets;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>
/// Accepts a child's connections, on one thread and without the shared pool, and closes those of anybody else. It never makes a socket
/// non-blocking, so that its later owner may use it either way.
/// </summary>
internal sealed class HandshakeAcceptor(ChildListener listener, ChildConnections connections) : IDisposable
{
    // Only this user's own processes can connect. One of them that misbehaves must not drive out the child.
    private const int MaxPending = 16;

    private readonly List<PendingConnection> _pending = [];   // accepted, but their handshake is not complete

    /// <summary>
    /// Waits until somebody connects or sends something, but no longer than the timeout, and handles it. False if nobody did.
    /// </summary>
    public bool Poll(TimeSpan timeout)
    {
        List<Socket> readable = [listener.Listener, .. _pending.Select(pending => pending.Socket)];
        Socket.Select(readable, null, null, timeout);
        foreach (var pending in _pending.ToArray())
            if (readable.Contains(pending.Socket)) ReadHandshake(pending);
        if (readable.Contains(listener.Listener)) Accept();
        return readable.Count > 0;
    }

    public void Dispose()
    {
        foreach (var pending in _pending) pending.Socket.Dispose();
    }

    private void Accept()
    {
        if (_pending.Count == MaxPending) Reject(_pending[0]);
        try
        {
            var connection = listener.Listener.Accept();
            if (listener.MayConnect(connection)) _pending.Add(new PendingConnection(connection));
            else connection.Dispose();
        }
        catch (SocketException e) when (e.SocketErrorCode is not (SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable))
        {
            // The other side has closed the connection already; some systems report that here, Linux does not. The two errors that are
            // not caught would come again at once.
        }
    }

    private void ReadHandshake(PendingConnection pending)
    {
        try
        {
            var count = pending.Socket.Receive(pending.Handshake.AsSpan(pending.Received));
            pending.Received += count;
            if (count > 0 && pending.Received < Handshake.Length) return;
            if (count > 0 && Handshake.TryRead(pending.Handshake, listener.Secret, out var role, out var leadsGroup)
                && connections.TryAdd(role, pending.Socket, leadsGroup))
            {
                _pending.Remove(pending);
                return;
            }
        }
        catch (SocketException)
        {
            // The other side has closed the connection.
        }

        Reject(pending);
    }

    private void Reject(PendingConnection pending)
    {
        _pending.Remove(pending);
        pending.Socket.Dispose();
    }

    private sealed class PendingConnection(Socket socket)
    {
        public Socket Socket { get; } = socket;

        public byte[] Handshake { get; } = new byte[Protocol.Handshake.Length];

        public int Received { get; set; }
    }
}
