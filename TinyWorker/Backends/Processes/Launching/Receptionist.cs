using System.Net.Sockets;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// Takes a child's connections, on one thread and without the shared pool, and turns strangers away. It never makes a socket non-blocking,
/// so that whoever gets it may use it either way.
/// </summary>
internal sealed class Receptionist(PrivateSocket socket, Connections connections) : IDisposable
{
    // Only this user's own processes can be here; enough for one that misbehaves not to drive out the child.
    private const int MostWaiting = 16;

    private readonly List<Visitor> _waiting = [];   // connected, and have not said everything

    /// <summary>Waits until somebody connects or speaks, at most so long, and attends to them. False if nobody did.</summary>
    public bool Attend(TimeSpan patience)
    {
        List<Socket> readable = [socket.Listener, .. _waiting.Select(visitor => visitor.Socket)];
        Socket.Select(readable, null, null, patience);
        foreach (var visitor in _waiting.ToArray())
            if (readable.Contains(visitor.Socket)) Hear(visitor);
        if (readable.Contains(socket.Listener)) LetIn();
        return readable.Count > 0;
    }

    public void Dispose()
    {
        foreach (var visitor in _waiting) visitor.Socket.Dispose();
    }

    private void LetIn()
    {
        if (_waiting.Count == MostWaiting) TurnAway(_waiting[0]);
        try
        {
            _waiting.Add(new Visitor(socket.Listener.Accept()));
        }
        catch (SocketException e) when (e.SocketErrorCode is not (SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable))
        {
            // Gone again already, as some systems tell here; Linux does not. What is excepted would only come again, and at once.
        }
    }

    private void Hear(Visitor visitor)
    {
        try
        {
            var count = visitor.Socket.Receive(visitor.Hello.AsSpan(visitor.Heard));
            visitor.Heard += count;
            if (count > 0 && visitor.Heard < Hello.Length) return;
            if (count > 0 && Hello.TryRead(visitor.Hello, socket.Secret, out var role, out var leadsGroup)
                && connections.TryAdd(role, visitor.Socket, leadsGroup))
            {
                _waiting.Remove(visitor);
                return;
            }
        }
        catch (SocketException)
        {
            // As above.
        }

        TurnAway(visitor);
    }

    private void TurnAway(Visitor visitor)
    {
        _waiting.Remove(visitor);
        visitor.Socket.Dispose();
    }

    private sealed class Visitor(Socket socket)
    {
        public Socket Socket { get; } = socket;

        public byte[] Hello { get; } = new byte[Launching.Hello.Length];

        public int Heard { get; set; }
    }
}
