using System.Net.Sockets;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Processes.Parent.Launching;

/// <summary>The connections to one child. They are complete when there is one of each role.</summary>
internal sealed class ChildConnections : IDisposable
{
    private readonly Socket?[] _sockets = new Socket?[(int)ConnectionRole.Lifeline + 1];

    public Socket Data => _sockets[(int)ConnectionRole.Data]!;

    public Socket Control => _sockets[(int)ConnectionRole.Control]!;

    public bool LeadsGroup { get; private set; }

    public bool AreComplete => !_sockets.Contains(null);

    /// <summary>False if there is a connection of this role already: the caller keeps the socket.</summary>
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
