using System.Buffers;
using System.Diagnostics;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>
/// Bytes that are to be sent, in the order in which they were written. They lie in chunks that never move, so that growing copies nothing;
/// large memory of somebody else's is not copied at all, but stands between the chunks. Used again and again: the first chunk stays.
/// For one thread at a time.
/// </summary>
internal sealed class PayloadBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>From this size on (bytes) a copy costs more than the system call of its own that foreign memory takes.</summary>
    public const int ByReference = 64 * 1024;

    private const int FirstChunk = 32 * 1024;
    private const int LargestChunk = 1024 * 1024;   // but for what is asked for in one piece

    private byte[] _chunk = [];                                // where the next byte goes; made when it is first needed
    private int _start;                                        // where the segment in it begins that is still open
    private int _position;                                     // where the next byte goes
    private ReadOnlyMemory<byte>[] _segments = new ReadOnlyMemory<byte>[4];   // the closed ones
    private int _segmentCount;
    private long _closedLength;                                // the bytes in them
    private readonly List<byte[]> _fullChunks = [];            // left behind, until they go back to the pool
    private Type _payloadType = typeof(object);                // of the value being written, to say so when it is too large
    private long _payloadStart;                                // where it begins
    private long _payloadLimit = long.MaxValue;                // how long it may be; unlimited between values

    /// <summary>All bytes so far.</summary>
    public long Length => _closedLength + (_position - _start);

    /// <summary>How many pieces it is to be sent in: one, unless it has grown past its first chunk.</summary>
    public int SegmentCount => _segmentCount + (_position > _start ? 1 : 0);

    public ReadOnlyMemory<byte> Segment(int index) => index < _segmentCount ? _segments[index] : _chunk.AsMemory(_start, _position - _start);

    /// <summary>What comes next is a value of this type, and may take so many bytes.</summary>
    public void BeginPayload(Type type, long limit)
    {
        _payloadType = type;
        _payloadStart = Length;
        _payloadLimit = limit;
    }

    public void EndPayload() => _payloadLimit = long.MaxValue;

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_chunk.Length - _position < Math.Max(sizeHint, 1)) AddChunk(sizeHint);
        return _chunk.AsSpan(_position);
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_chunk.Length - _position < Math.Max(sizeHint, 1)) AddChunk(sizeHint);
        return _chunk.AsMemory(_position);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _chunk.Length - _position);
        _position += count;
        ThrowIfTooLarge(0);
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        Advance(bytes.Length);
    }

    /// <summary>Sets these bytes aside, to be filled in later: they do not move.</summary>
    public ArraySegment<byte> Reserve(int count)
    {
        if (_chunk.Length - _position < count) AddChunk(count);
        var reserved = new ArraySegment<byte>(_chunk, _position, count);
        _position += count;
        return reserved;
    }

    /// <summary>Writes without a copy what is large. The memory must stay as it is until it is sent.</summary>
    public void WriteByReference(ReadOnlyMemory<byte> bytes)
    {
        ThrowIfTooLarge(bytes.Length);
        if (bytes.Length < ByReference)
        {
            Write(bytes.Span);
            return;
        }

        CloseSegment();
        AddSegment(bytes);
        AssertInvariants();
    }

    public PayloadMark Mark() => new(_chunk, _start, _position, _segmentCount, _closedLength, _fullChunks.Count);

    /// <summary>Takes back what was written since.</summary>
    public void Rollback(in PayloadMark mark)
    {
        if (_chunk != mark.Chunk) Return(_chunk);
        for (var i = mark.FullChunks; i < _fullChunks.Count; i++)
            if (_fullChunks[i] != mark.Chunk) Return(_fullChunks[i]);
        _fullChunks.RemoveRange(mark.FullChunks, _fullChunks.Count - mark.FullChunks);
        Array.Clear(_segments, mark.Segments, _segmentCount - mark.Segments);
        (_chunk, _start, _position) = (mark.Chunk, mark.Start, mark.Position);
        (_segmentCount, _closedLength) = (mark.Segments, mark.ClosedLength);
        EndPayload();
        AssertInvariants();
    }

    /// <summary>Forgets everything, foreign memory above all; to be called as soon as it was sent.</summary>
    public void Clear()
    {
        if (_fullChunks.Count > 0)
        {
            Return(_chunk);
            for (var i = 1; i < _fullChunks.Count; i++) Return(_fullChunks[i]);
            _chunk = _fullChunks[0];
            _fullChunks.Clear();
        }

        if (_segmentCount > 0) Array.Clear(_segments, 0, _segmentCount);
        (_segmentCount, _closedLength, _start, _position) = (0, 0, 0, 0);
        AssertInvariants();
    }

    /// <summary>Gives all memory back. It may still be used, and then takes some again.</summary>
    public void Dispose()
    {
        Clear();
        Return(_chunk);
        _chunk = [];
    }

    private void AddChunk(int size)
    {
        ThrowIfTooLarge(size);
        var length = Math.Max(size, (int)Math.Clamp(Length, FirstChunk, LargestChunk));
        var chunk = length <= LargestChunk ? ArrayPool<byte>.Shared.Rent(length) : GC.AllocateUninitializedArray<byte>(length);
        CloseSegment();
        if (_chunk.Length > 0) _fullChunks.Add(_chunk);
        (_chunk, _start, _position) = (chunk, 0, 0);
        AssertInvariants();
    }

    private void CloseSegment()
    {
        if (_position == _start) return;
        AddSegment(_chunk.AsMemory(_start, _position - _start));
        _start = _position;
    }

    private void AddSegment(ReadOnlyMemory<byte> segment)
    {
        if (_segmentCount == _segments.Length) Array.Resize(ref _segments, _segmentCount * 2);
        _segments[_segmentCount++] = segment;
        _closedLength += segment.Length;
    }

    private void ThrowIfTooLarge(long more)
    {
        var bytes = Length - _payloadStart + more;
        if (bytes > _payloadLimit) throw PayloadLimit.Exceeded(_payloadType, bytes, _payloadLimit);
    }

    private static void Return(byte[] chunk)
    {
        // The pool would keep larger ones for long.
        if (chunk.Length is > 0 and <= LargestChunk) ArrayPool<byte>.Shared.Return(chunk);
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_start <= _position && _position <= _chunk.Length, "the open segment lies in its chunk");
        Debug.Assert(_segmentCount == _segments.Length || _segments[_segmentCount].IsEmpty, "nothing is kept behind the count");
    }
}
