using System.Net.Sockets;
using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Threading;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Parent;

internal sealed partial class ChildSession<TIn, TOut>
{
    private readonly SocketConnection _data;
    private readonly FrameWriter _writer = new();
    private readonly FrameReader _reader = new(FrameDirection.ToParent);
    private readonly Lock _control = new();   // a frame is sent in one piece
    private SharedWindow? _window;            // set once, before the child has anything to do; null if there is none
    private bool _couldNotSend;               // set once

    private void SendControl(FrameKind kind, long sequence)
    {
        Span<byte> frame = stackalloc byte[FrameHeader.Size];
        new FrameHeader(kind, 0, sequence).Write(frame);
        try
        {
            using (Uninterrupted.Enter(_control))
            {
                // A child that is stopped reads nothing: the send could block, and the frame would not help.
                if (_process.Control.Poll(TimeSpan.Zero, SelectMode.SelectWrite)) _process.Control.Send(frame);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The child is gone, which the outcome shows.
        }
    }

    private void Send()
    {
        try
        {
            FrameSocket.Send(_data, _writer, _window);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Lost(e);
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
            SetRecallTimer();
            if (!FrameSocket.Receive(_data, _reader)) throw Lost(null);
            MeasurePace();
        }
        catch (Exception e) when (e is not ChildLostException)
        {
            throw Lost(e);   // the connection has ended, or this process has no memory for the payload
        }
    }

    private T Read<T>(in Frame frame, PayloadFormat<T> format)
    {
        using var withoutContext = new WithoutContext();   // a serializer cannot await
        try
        {
            return frame.Read(format);
        }
        catch (MalformedDataException e)
        {
            throw Lost(e);
        }
    }

    // A child that ends with unread data resets the connection; one that has read everything ends it in an orderly way. A reset means that
    // the child left data unread. Only if one task was outstanding is it known which: tasks that were prefetched behind it may be
    // unread although they were given back. A connection that was disposed here tells nothing.
    private ChildLostException Lost(Exception? cause)
    {
        using (Uninterrupted.Enter(_lock))
        {
            AssertInvariants();
            var isUnread = _couldNotSend
                || cause is SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.Shutdown };
            var isAlone = !_outstanding.TryPeek(out var first) || first.Number == _sequence;
            return new ChildLostException(wasUntouched: isUnread && isAlone, cause);
        }
    }
}

/// <summary>The connection to a child has ended, or cannot be trusted any more. What the child was doing is lost.</summary>
/// <param name="wasUntouched">Whether the child had read nothing of the task's input: it was gone before.</param>
/// <param name="cause">What was seen of the loss.</param>
#pragma warning disable CA1032, CA1064 // Made here alone; it never leaves the library.
internal sealed class ChildLostException(bool wasUntouched, Exception? cause) : WorkerLostException(wasUntouched, cause)
#pragma warning restore CA1032, CA1064
{
    /// <summary>The connection has ended, as it does with the process. Otherwise the process may live, and has to be killed.</summary>
    public bool IsOfTheConnection => InnerException is null or SocketException or ObjectDisposedException;
}
