using System.Net.Sockets;

namespace TinyWorker.Backends.Processes.Wire;

/// <summary>How either side waits for the other.</summary>
internal static class Incoming
{
    /// <summary>
    /// Blocks until there are bytes, and receives them; 0 at the end of the connection. It waits for them first: who waits inside a receive
    /// on a Unix domain socket is woken by Linux once more, for nothing, when the other side has read what was sent before.
    /// </summary>
    public static int Receive(Socket socket, Span<byte> memory)
    {
        socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
        return socket.Receive(memory);
    }
}
