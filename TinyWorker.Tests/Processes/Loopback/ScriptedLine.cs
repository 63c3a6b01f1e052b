using System.Net.Sockets;
using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>The child's ends of the two connections, for scripts that send and receive frames themselves.</summary>
internal sealed class ScriptedLine(ChildSockets sockets)
{
    private readonly FrameReader _data = new(FrameDirection.ToChild);
    private readonly FrameReader _control = new(FrameDirection.ToChild);
    private Frame? _next;

    public ChildSockets Sockets => sockets;

    /// <summary>Whether another frame has arrived behind the last one that was received.</summary>
    public bool HasMore => _next is not null || TryReadNext();

    public Frame Receive()
    {
        if (_next is not { } frame) return Receive(sockets.Data, _data);
        _next = null;
        return frame;
    }

    public Frame ReceiveControl() => Receive(sockets.Control, _control);

    public void Send(FrameKind kind, long sequence)
    {
        var bytes = new byte[FrameHeader.Size];
        new FrameHeader(kind, 0, sequence).Write(bytes);
        sockets.Data.SendAll(bytes);
    }

    public void Send<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        using var writer = new FrameWriter();
        writer.Write(kind, sequence, format, value);
        sockets.Data.SendAll(Travel.Bytes(writer));
    }

    private bool TryReadNext()
    {
        if (!_data.TryRead(out var frame)) return false;
        _next = frame;
        return true;
    }

    private static Frame Receive(LocalConnection socket, FrameReader reader)
    {
        Frame frame;
        while (!reader.TryRead(out frame))
        {
            var count = socket.Receive(reader.GetMemory().Span);
            if (count == 0) throw new SocketException((int)SocketError.Shutdown);   // the parent has gone
            reader.Advance(count);
        }

        return frame;
    }
}
