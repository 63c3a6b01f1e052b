using System.Buffers;
using System.Diagnostics;

namespace TinyWorker.Processes.Payloads;

/// <summary>
/// Bytes that are to be sent, in the order in which they were written. They lie in chunks that never move: to grow copies nothing. Large
/// memory of a value is not copied at all; it is sent between the chunks. The buffer is reused, and keeps its first chunk. For one thread
/// at a time.
/// </summary>
internal sealed class PayloadBuffer : IBufferWriter<byte>, IDisposable
{
    /// <summary>From this size (bytes) on, a copy costs more than another system call, which memory that is not copied needs.</summary>
    public const int ByReference = 64 * 1024;

    private const int FirstChunk = 32 * 1024;
    private const int LargestChunk = 1024 * 1024;   // except for what is asked for in one piece

    private byte[] _chunk = [];                                // where the next byte goes; made when it is first needed
    private int _start;                                        // where the open segment in it begins
    private int _position;                                     // where the next byte goes
    private ReadOnlyMemory<byte>[] _segments = new ReadOnlyMemory<byte>[4];   // the closed ones
    private int _segmentCount;
    private long _closedLength;                                // the bytes in them
    private readonly List<byte[]> _fullChunks = [];            // full, until they are returned to the pool
    private int _afterReference;                               // how many segments there were when the last was closed by reference
    private Type _payloadType = typeof(object);                // of the value being written, for the error when it is too large
    private long _payloadStart;                                // where the value begins
    private long _payloadLimit = long.MaxValue;                // how many bytes the value may take; no limit between values

    /// <summary>All bytes so far.</summary>
    public long Length => _closedLength + (_position - _start);

    /// <summary>Whether the value being written takes more bytes than it may, so that a write threw.</summary>
    public bool HasOverflowed { get; private set; }

    /// <summary>In how many pieces the bytes lie: one, unless they are more than the first chunk holds.</summary>
    public int SegmentCount => _segmentCount + (_position > _start ? 1 : 0);

    public ReadOnlyMemory<byte> Segment(int index) =>
        index < _segmentCount ? _segments[index] : _chunk.AsMemory(_start, _position - _start);

    /// <summary>What follows is a value of this type, which may take so many bytes.</summary>
    public void BeginPayload(Type type, long limit)
    {
        _payloadType = type;
        _payloadStart = Length;
        HasOverflowed = false;
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

    /// <summary>Reserves bytes that are filled in later. They do not move.</summary>
    public ArraySegment<byte> Reserve(int count)
    {
        if (_chunk.Length - _position < count) AddChunk(count);
        var reserved = new ArraySegment<byte>(_chunk, _position, count);
        _position += count;
        return reserved;
    }

    /// <summary>Writes large memory without a copy. The memory must not change until it is sent.</summary>
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
        _afterReference = _segmentCount;
        AssertInvariants();
    }

    /// <summary>Whether the last thing that was written is memory of this length, by reference: the last segment.</summary>
    public bool EndsWithReference(long length) =>
        _afterReference > 0 && _afterReference == _segmentCount && _position == _start && _segments[_segmentCount - 1].Length == length;

    public PayloadMark Mark() => new(_chunk, _start, _position, _segmentCount, _closedLength, _fullChunks.Count);

    /// <summary>Takes back what was written since the mark.</summary>
    public void Rollback(in PayloadMark mark)
    {
        if (_chunk != mark.Chunk) Return(_chunk);
        for (var i = mark.FullChunks; i < _fullChunks.Count; i++)
            if (_fullChunks[i] != mark.Chunk) Return(_fullChunks[i]);
        _fullChunks.RemoveRange(mark.FullChunks, _fullChunks.Count - mark.FullChunks);
        Array.Clear(_segments, mark.Segments, _segmentCount - mark.Segments);
        (_chunk, _start, _position) = (mark.Chunk, mark.Start, mark.Position);
        (_segmentCount, _closedLength, _afterReference) = (mark.Segments, mark.ClosedLength, 0);
        EndPayload();
        AssertInvariants();
    }

    /// <summary>Forgets everything, above all memory of values. To be called as soon as everything is sent.</summary>
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
        (_segmentCount, _closedLength, _afterReference, _start, _position) = (0, 0, 0, 0, 0);
        AssertInvariants();
    }

    /// <summary>Returns all memory. The buffer may still be used, and then takes new memory.</summary>
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
        if (bytes <= _payloadLimit) return;
        HasOverflowed = true;
        throw PayloadLimit.Exceeded(_payloadType, bytes, _payloadLimit);
    }

    private static void Return(byte[] chunk)
    {
        // The pool would keep a larger chunk for long.
        if (chunk.Length is > 0 and <= LargestChunk) ArrayPool<byte>.Shared.Return(chunk);
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_start <= _position && _position <= _chunk.Length, "the open segment lies in its chunk");
        Debug.Assert(_segmentCount == _segments.Length || _segments[_segmentCount].IsEmpty, "nothing is kept behind the count");
    }
}

/// <summary>How far a <see cref="PayloadBuffer"/> was written at one moment, to take back what is written later.</summary>
internal readonly record struct PayloadMark(byte[] Chunk, int Start, int Position, int Segments, long ClosedLength, int FullChunks);

/// <summary>How many bytes one input or result may take.</summary>
internal static class PayloadLimit
{
    /// <summary>What an array can hold, less some room for the frame around the value.</summary>
    public const int Max = int.MaxValue - 1024;

    public static InvalidOperationException Exceeded(Type type, long bytes, long limit) => new(
        $"A value of type {type} takes {bytes:N0} bytes or more; what travels to or from a worker process may take {limit:N0}. " +
        "Send it in pieces, or put it into a file and send its path.");
}
