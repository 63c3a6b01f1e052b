using System.Buffers.Binary;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Protocol;

/// <summary>Sends and receives frames over a connection, for both sides.</summary>
internal static class FrameSocket
{
    // Of an array that goes through shared memory when all of that is taken. It fits into the connection: while this waits to be sent,
    // the other side has all of it and all that is shared to work on.
    private const int PieceByConnection = 128 * 1024;

    /// <summary>Sends everything that the writer holds, and clears the writer even if it could not be sent.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="writer">What is to be sent.</param>
    /// <param name="window">Null if the writer shares nothing.</param>
    public static void Send(LocalConnection connection, FrameWriter writer, SharedWindow? window = null)
    {
        try
        {
            for (var i = 0; i < writer.SegmentCount; i++)
            {
                if (writer.IsShared(i)) SendPieces(connection, writer.Segment(i).Span, window!);
                else connection.SendAll(writer.Segment(i).Span);
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
    public static bool Receive(LocalConnection connection, FrameReader reader)
    {
        var memory = reader.GetMemory().Span;
        connection.WaitToReceive(Timeout.InfiniteTimeSpan);
        var count = connection.Receive(memory);
        if (count == 0) return false;
        reader.Advance(count);
        return true;
    }

    // Each piece begins with its length: positive if it is in the window, negative if it follows.
    private static void SendPieces(LocalConnection connection, ReadOnlySpan<byte> rest, SharedWindow window)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        while (rest.Length > 0)
        {
            var count = Math.Min(rest.Length, SharedWindow.SlotSize);
            var isInWindow = window.TryPut(rest[..count]);
            if (!isInWindow) count = Math.Min(count, PieceByConnection);
            BinaryPrimitives.WriteInt32LittleEndian(length, isInWindow ? count : -count);
            connection.SendAll(length);
            if (!isInWindow) connection.SendAll(rest[..count]);
            rest = rest[count..];
        }
    }
}
