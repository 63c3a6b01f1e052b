using System.Net.Sockets;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes;

/// <summary>A child's end of a connection, as blocking as its worker is. The worker's thread receives and sends; the one that listens to the parent sends, too.</summary>
#pragma warning disable CA1001 // It is used to the end of the process, as the socket is.
internal sealed class ChildConnection(Socket socket)
#pragma warning restore CA1001
{
    private readonly FrameReader _reader = new(FrameDirection.ToWorker);
    private readonly FrameWriter _writer = new();    // the worker's
    private readonly FrameWriter _replies = new();   // the listener's
    private readonly Lock _sending = new();          // a frame goes in one piece
    private volatile bool _isLost;                   // set once: something could not be sent

    /// <summary>How the inputs of tasks lie in their frames, once that is known.</summary>
    public PayloadFormat? ValueFormat
    {
        set => _reader.ValueFormat = value;
    }

    /// <summary>Waits for the next frame. False if the parent is gone, also with frames that have been received: they are for others now. The frame is valid until the next call.</summary>
    public bool TryReceive(out Frame frame)
    {
        frame = default;
        try
        {
            while (!_isLost && !_reader.TryRead(out frame))
            {
                var count = Incoming.Receive(socket, _reader.GetMemory().Span);
                if (count == 0) return false;
                _reader.Advance(count);
            }

            return !_isLost;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Sends a frame; for the worker's thread. Throws what the value's serializer throws, and has sent nothing then.</summary>
    public void Send<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value) => Send(_writer, kind, sequence, format, value);

    /// <inheritdoc cref="Send{T}(FrameKind, long, PayloadFormat{T}, T)"/>
    public void Send(FrameKind kind, long sequence)
    {
        _writer.Write(kind, sequence);
        Flush(_writer);
    }

    /// <summary>Sends a frame; for the thread that listens.</summary>
    public void Reply<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value) => Send(_replies, kind, sequence, format, value);

    /// <summary>Sends a frame; for any thread.</summary>
    public void Report<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        using var writer = new FrameWriter();
        Send(writer, kind, sequence, format, value);
    }

    private void Send<T>(FrameWriter writer, FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        writer.Write(kind, sequence, format, value);   // the user's code may run in there: not under the lock
        Flush(writer);
    }

    private void Flush(FrameWriter writer)
    {
        try
        {
            lock (_sending)
            {
                for (var i = 0; i < writer.SegmentCount; i++)
                {
                    var rest = writer.Segment(i).Span;
                    while (rest.Length > 0) rest = rest[socket.Send(rest)..];
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            _isLost = true;   // the parent is gone, and this process is about to end
        }
        finally
        {
            writer.Clear();
        }
    }
}
