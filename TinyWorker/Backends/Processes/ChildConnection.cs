using System.Net.Sockets;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes;

/// <summary>A child's end of a connection, as blocking as its worker is. One thread receives; any may send.</summary>
#pragma warning disable CA1001 // It is used to the end of the process, as the socket is.
internal sealed class ChildConnection(Socket socket)
#pragma warning restore CA1001
{
    private readonly FrameReader _reader = new(FrameDirection.ToWorker);
    private readonly FrameWriter _writer = new();   // guarded by the lock on itself

    /// <summary>How the inputs of tasks lie in their frames, once that is known.</summary>
    public PayloadFormat? ValueFormat
    {
        set => _reader.ValueFormat = value;
    }

    /// <summary>Waits for the next frame. False if the parent is gone. The frame is valid until the next call.</summary>
    public bool TryReceive(out Frame frame)
    {
        try
        {
            while (!_reader.TryRead(out frame))
            {
                var count = socket.Receive(_reader.GetMemory().Span);
                if (count == 0) return false;
                _reader.Advance(count);
            }

            return true;
        }
        catch (SocketException)
        {
            frame = default;
            return false;
        }
    }

    /// <summary>Sends a frame. Throws what the value's serializer throws, and has sent nothing then.</summary>
    public void Send<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        lock (_writer)
        {
            _writer.Write(kind, sequence, format, value);
            Flush_NeedsLock();
        }
    }

    public void Send(FrameKind kind, long sequence)
    {
        lock (_writer)
        {
            _writer.Write(kind, sequence);
            Flush_NeedsLock();
        }
    }

    private void Flush_NeedsLock()
    {
        try
        {
            for (var i = 0; i < _writer.SegmentCount; i++)
            {
                var rest = _writer.Segment(i).Span;
                while (rest.Length > 0) rest = rest[socket.Send(rest)..];
            }
        }
        catch (SocketException)
        {
            // The parent is gone, and this process is about to end.
        }
        finally
        {
            _writer.Clear();
        }
    }
}
