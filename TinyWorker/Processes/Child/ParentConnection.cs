using TinyWorker.Platform;
using TinyWorker.Processes.Payloads;
using TinyWorker.Processes.Protocol;
using TinyWorker.Threading;

namespace TinyWorker.Processes.Child;

/// <summary>
/// A connection to the parent. All of it blocks. The worker's thread receives and sends; the thread that listens to the parent sends, too.
/// </summary>
#pragma warning disable CA1001 // It is used to the end of the process.
internal sealed class ParentConnection(LocalConnection connection)
#pragma warning restore CA1001
{
    private readonly FrameReader _reader = new(FrameDirection.ToChild);
    private readonly FrameWriter _writer = new();    // the worker's
    private readonly FrameWriter _replies = new();   // the listener's
    private readonly Lock _sending = new();          // a frame is sent in one piece
    private SharedWindow? _window;                   // set once, before the first task
    private volatile bool _isLost;                   // set once, when something could not be sent

    /// <summary>The format of the tasks' inputs, once it is known.</summary>
    public PayloadFormat? ValueFormat
    {
        set => _reader.ValueFormat = value;
    }

    /// <summary>
    /// Waits for the next frame, which is valid until the next call. False if the connection is lost, even if frames have arrived: the
    /// parent gives their tasks to other workers.
    /// </summary>
    public bool TryReceive(out Frame frame)
    {
        frame = default;
        try
        {
            while (!_isLost && !_reader.TryRead(out frame))
                if (!FrameSocket.Receive(connection, _reader)) return false;
            return !_isLost;
        }
        catch (Exception e) when (LocalConnection.HasFailed(e))
        {
            return false;
        }
    }

    /// <summary>
    /// Sends a frame; for the worker's thread. If the value's serializer throws, this throws the same, and nothing is sent.
    /// </summary>
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

    /// <summary>Tells the parent that no frame follows: the worker was disposed. For the worker's thread.</summary>
    public void EndSending()
    {
        try
        {
            using (Uninterrupted.Enter(_sending)) connection.EndSending();
        }
        catch (Exception e) when (LocalConnection.HasFailed(e))
        {
            _isLost = true;   // as in Flush
        }
    }

    /// <summary>From now on large arrays go through this memory, and come through it.</summary>
    public void Share(SharedWindow window)
    {
        _window = window;
        _reader.Window = window;
        _writer.Shares = true;
    }

    private void Send<T>(FrameWriter writer, FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        writer.Write(kind, sequence, format, value);   // may run the user's code: not under the lock
        Flush(writer);
    }

    private void Flush(FrameWriter writer)
    {
        try
        {
            using (Uninterrupted.Enter(_sending)) FrameSocket.Send(connection, writer, _window);
        }
        catch (Exception e) when (LocalConnection.HasFailed(e))
        {
            _isLost = true;   // the parent is gone, and this process is about to end
        }
    }
}
