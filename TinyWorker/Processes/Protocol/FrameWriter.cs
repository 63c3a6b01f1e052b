using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// Writes frames one behind the other, which are sent together and then cleared. A frame whose payload cannot be written leaves nothing
/// behind. For one thread at a time, and not while its frames are being sent.
/// </summary>
/// <param name="maxPayload">Bytes. The error for a value that takes more names the type of the value.</param>
internal sealed class FrameWriter(int maxPayload = PayloadLimit.Max) : IDisposable
{
    private readonly PayloadBuffer _buffer = new();
    private readonly List<int> _shared = [];   // the segments that are to be sent in pieces

    public bool IsEmpty => _buffer.Length == 0;

    /// <summary>How many bytes are to be sent.</summary>
    public long Length => _buffer.Length;

    /// <summary>In how many pieces they lie: in one, unless there are large values.</summary>
    public int SegmentCount => _buffer.SegmentCount;

    public ReadOnlyMemory<byte> Segment(int index) => _buffer.Segment(index);

    /// <summary>Whether large arrays are to be sent in pieces, through a <see cref="SharedWindow"/>.</summary>
    public bool Shares { get; set; }

    /// <summary>Whether the segment is to be sent in pieces.</summary>
    public bool IsShared(int index) => _shared.Count > 0 && _shared.Contains(index);

    /// <summary>Where the next frame begins.</summary>
    public PayloadMark Mark() => _buffer.Mark();

    /// <summary>Takes back the frames since the mark. None of them may have been sent.</summary>
    public void Rollback(in PayloadMark mark)
    {
        _buffer.Rollback(mark);
        while (_shared is [.., var last] && last >= mark.Segments) _shared.RemoveAt(_shared.Count - 1);
    }

    /// <summary>Writes a frame without a payload.</summary>
    public void Write(FrameKind kind, long sequence)
    {
        new FrameHeader(kind, 0, sequence).Write(_buffer.GetSpan(FrameHeader.Size));
        _buffer.Advance(FrameHeader.Size);
    }

    /// <summary>Writes a frame with a value in it. The large memory of the value must not change until it is sent.</summary>
    /// <exception cref="InvalidOperationException">The value takes more than a frame can hold. The value's serializer may throw
    /// others.</exception>
    public void Write<T>(FrameKind kind, long sequence, PayloadFormat<T> format, T value)
    {
        var mark = _buffer.Mark();
        try
        {
            var header = _buffer.Reserve(FrameHeader.Size);
            var start = _buffer.Length;
            _buffer.BeginPayload(typeof(T), maxPayload);
            format.Write(value, _buffer);
            _buffer.EndPayload();
            var length = _buffer.Length - start;
            if (Shares && format.MayBeShared && kind is FrameKind.Call or FrameKind.Result && _buffer.EndsWithReference(length - 1))
            {
                _shared.Add(_buffer.SegmentCount - 1);
                kind = FrameKinds.Shared(kind);
            }

            new FrameHeader(kind, (uint)length, sequence).Write(header);
        }
        catch
        {
            Rollback(mark);
            throw;
        }
    }

    /// <summary>Forgets what was sent.</summary>
    public void Clear()
    {
        _buffer.Clear();
        _shared.Clear();
    }

    /// <summary>Returns all memory.</summary>
    public void Dispose() => _buffer.Dispose();
}
