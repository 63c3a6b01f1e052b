using System.Net.Sockets;
using TinyWorker.Backends.Processes.Launching;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Tests.Processes.Loopback;

/// <summary>The child's ends of the two connections, for who speaks the protocol by hand.</summary>
internal sealed class ScriptedLine(ChildSide side)
{
    private readonly FrameReader _data = new(FrameDirection.ToWorker);
    private readonly FrameReader _control = new(FrameDirection.ToWorker);
    private Frame? _next;

    public ChildSide Side => side;

    /// <summary>Whether a frame lies behind the one that was heard last.</summary>
    public bool HasMore => _next is not null || TryReadNext();

    public Frame Hear()
    {
        if (_next is not { } frame) return Hear(side.Data, _data);
        _next = null;
        return frame;
    }

    public Frame HearControl() => Hear(side.Control, _control);

    public void Say(FrameKind kind, long sequence)
    {
        var bytes = new byte[FrameHeader.Size];
        new FrameHeader(kind, 0, sequence).Write(bytes);
        side.Data.Send(bytes);
    }

    public void Say<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        using var writer = new FrameWriter();
        writer.Write(kind, sequence, format, value);
        side.Data.Send(Travel.Bytes(writer));
    }

    private bool TryReadNext()
    {
        if (!_data.TryRead(out var frame)) return false;
        _next = frame;
        return true;
    }

    private static Frame Hear(Socket socket, FrameReader reader)
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
