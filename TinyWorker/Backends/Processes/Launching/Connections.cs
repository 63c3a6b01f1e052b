using System.Net.Sockets;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>The connections of one child, as they come in; complete when there is one of each.</summary>
internal sealed class Connections : IDisposable
{
    private readonly Socket?[] _sockets = new Socket?[(int)ConnectionRole.Lifeline + 1];

    public Socket Data => _sockets[(int)ConnectionRole.Data]!;

    public Socket Control => _sockets[(int)ConnectionRole.Control]!;

    public bool LeadsGroup { get; private set; }

    public bool AreComplete => !_sockets.Contains(null);

    /// <summary>False if there is such a connection already: the socket remains the caller's.</summary>
    public bool TryAdd(ConnectionRole role, Socket socket, bool leadsGroup)
    {
        ref var place = ref _sockets[(int)role];
        if (place is not null) return false;
        place = socket;
        LeadsGroup = leadsGroup;
        return true;
    }

    public void Dispose()
    {
        foreach (var socket in _sockets) socket?.Dispose();
    }
}
