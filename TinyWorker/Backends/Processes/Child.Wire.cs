using System.Net.Sockets;
using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes;

internal sealed partial class Child<TIn, TOut>
{
    private readonly FrameWriter _writer = new();
    private readonly FrameReader _reader = new(FrameDirection.ToParent);
    private readonly Lock _control = new();   // a frame goes in one piece
    private bool _couldNotSend;               // set once

    private void SendControl(FrameKind kind, long sequence)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size];
        new FrameHeader(kind, 0, sequence).Write(frame);
        try
        {
            lock (_control)
            {
                // A child that is stopped takes nothing more; to ask it is in vain, and not to be waited for.
                if (_process.Control.Poll(TimeSpan.Zero, SelectMode.SelectWrite)) _process.Control.Send(frame);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone, which the outcome shows.
        }
    }

    private void Send()
    {
        try
        {
            for (var i = 0; i < _writer.SegmentCount; i++)
            {
                var rest = _writer.Segment(i).Span;
                while (rest.Length > 0) rest = rest[_process.Data.Send(rest)..];
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e);
        }
        finally
        {
            _writer.Clear();
        }
    }

    private bool TryRead(out Frame frame)
    {
        try
        {
            return _reader.TryRead(out frame);
        }
        catch (Exception e)
        {
            throw Lost(e);   // malformed, or too large for the memory of this process: what follows in the stream cannot be reached
        }
    }

    private void Receive()
    {
        try
        {
            BeImpatient();
            var count = Incoming.Receive(_process.Data, _reader.GetMemory().Span);
            if (count == 0) throw Lost(null);
            _reader.Advance(count);
            NoteTheTime();
        }
        catch (Exception e) when (e is not ChildLostException)
        {
            throw Lost(e);   // as above, or the connection's end
        }
    }

    private T Read<T>(in Frame frame, PayloadFormat<T> format)
    {
        using var withoutContext = new WithoutContext();   // a serializer cannot await
        try
        {
            return frame.Read(format);
        }
        catch (MalformedFrameException e)
        {
            throw Lost(e);
        }
    }

    // A peer that ends with something of ours unread resets the connection; one that has read it all just ends it. If there was but one
    // task, that is the one; not if others were handed behind it, which may lie there unread although they were taken back. What was
    // disposed here tells nothing.
    private ChildLostException Lost(Exception? cause)
    {
        lock (_handed)
        {
            var isUnread = _couldNotSend || cause is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown };
            return new ChildLostException(wasUntouched: isUnread && (!_handed.TryPeek(out var first) || first.Number == _sequence), cause);
        }
    }
}
