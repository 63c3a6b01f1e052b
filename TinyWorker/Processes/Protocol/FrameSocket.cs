using System.Net.Sockets;

namespace TinyWorker.Processes.Protocol;

/// <summary>Sends and receives frames over a blocking socket, for both sides.</summary>
internal static class FrameSocket
{
    /// <summary>Sends everything that the writer holds, and clears the writer even if it could not be sent.</summary>
    public static void Send(Socket socket, FrameWriter writer)
    {
        try
        {
            for (var i = 0; i < writer.SegmentCount; i++)
            {
                var rest = writer.Segment(i).Span;
                while (rest.Length > 0) rest = rest[socket.Send(rest)..];
            }
        }
        finally
        {
            writer.Clear();
        }
    }

    /// <summary>Blocks until bytes arrive, and gives them to the reader. False at the end of the connection.</summary>
    /// <remarks>
    /// It polls first: Linux wakes a thread that blocks in a receive on a Unix domain socket once more, for nothing, when the other side
    /// has read what was sent to it before.
    /// </remarks>
    public static bool Receive(Socket socket, FrameReader reader)
    {
        var memory = reader.GetMemory().Span;
        socket.Poll(Timeout.InfiniteTimeSpan, SelectMode.SelectRead);
        var count = socket.Receive(memory);
        if (count == 0) return false;
        reader.Advance(count);
        return true;
    }
}
