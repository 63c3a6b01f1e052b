using System.Diagnostics;
using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Wire;

/// <summary>
/// Takes a stream of bytes apart into frames, wherever it was cut on its way: <see cref="GetMemory"/> says where the next bytes belong,
/// <see cref="Advance"/> how many came, then <see cref="TryRead"/> is to be called until it returns false. Small frames lie in a buffer that
/// is used again; a large one is received where it is to stay. No memory is taken on the word of a length. For one thread at a time.
/// </summary>
/// <param name="direction">Frames that go the other way are malformed.</param>
/// <param name="maxPayload">Bytes; frames with more are malformed.</param>
internal sealed class FrameReader(FrameDirection direction, int maxPayload = PayloadLimit.Max)
{
    private const int BufferSize = 64 * 1024;
    private const int LargestInBuffer = BufferSize / 2;   // a whole frame; so there is always room for the rest of one

    private readonly FrameKind _valueKind = FrameKinds.OfValues(direction);
    private byte[] _buffer = [];       // made when the first bytes come
    private int _start;                // of what has not been read
    private int _end;                  // of what has arrived
    private LargePayload? _large;      // of the frame that is arriving, if it is too large for the buffer
    private FrameHeader _largeHeader;  // its header

    /// <summary>How the user's values lie in their frames. Large ones go through memory of no type as long as it is null.</summary>
    public PayloadFormat? ValueFormat { get; set; }

    /// <summary>False while a frame has begun and not ended: a stream that ends here has been cut.</summary>
    public bool IsBetweenFrames => _start == _end && _large is null;

    /// <summary>Where the next bytes are to be put; never empty. The frames read so far are invalid from here on.</summary>
    public Memory<byte> GetMemory()
    {
        if (_large is { IsComplete: false }) return _large.GetMemory();
        if (_start == _end)
        {
            if (_buffer.Length == 0) _buffer = GC.AllocateUninitializedArray<byte>(BufferSize);
            _start = _end = 0;
        }
        else if (_start > 0 && _buffer.Length - _end < BufferSize / 4)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length) throw new InvalidOperationException("The frames that have come must be read before more bytes are put in.");
        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes have been put where <see cref="GetMemory"/> said.</summary>
    public void Advance(int count)
    {
        if (_large is { IsComplete: false }) _large.Advance(count);
        else _end += count;
        AssertInvariants();
    }

    /// <summary>The next frame, if it is there whole.</summary>
    /// <exception cref="MalformedFrameException">The stream is none of frames, or no more. It stays so.</exception>
    public bool TryRead(out Frame frame)
    {
        while (true)
        {
            if (_large is not null)
            {
                if (!_large.IsComplete) break;
                frame = new Frame(_largeHeader.Kind, _largeHeader.Sequence, _large);
                _large = null;
                return true;
            }

            var arrived = _end - _start;
            if (arrived < FrameHeader.Size) break;
            var header = FrameHeader.Read(_buffer.AsSpan(_start));
            Check(header);
            var length = FrameHeader.Size + (long)header.Length;
            if (length > LargestInBuffer)
            {
                BeginLarge(header);
                continue;
            }

            if (arrived < length) break;
            frame = new Frame(header.Kind, header.Sequence, _buffer.AsMemory(_start + FrameHeader.Size, (int)header.Length));
            _start += (int)length;
            return true;
        }

        frame = default;
        return false;
    }

    private void Check(in FrameHeader header)
    {
        if (!FrameKinds.Belongs(header.Kind, direction))
            throw new MalformedFrameException($"no frame of kind 0x{(byte)header.Kind:X2} comes from there");
        if (header.Length > (uint)maxPayload) throw new MalformedFrameException($"a payload of {header.Length:N0} bytes");
    }

    private void BeginLarge(in FrameHeader header)
    {
        var length = (int)header.Length;
        var large = header.Kind == _valueKind && ValueFormat is not null
            ? ValueFormat.Receive(length)
            : new LargeArray<byte>(length, tagged: false);
        _start += FrameHeader.Size;
        (_large, _largeHeader) = (large, header);
        while (_start < _end && !large.IsComplete)
        {
            var memory = large.GetMemory();
            var count = Math.Min(memory.Length, _end - _start);
            _buffer.AsMemory(_start, count).CopyTo(memory);
            _start += count;
            large.Advance(count);
        }
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_start <= _end && _end <= _buffer.Length, "what has arrived lies in the buffer");
        Debug.Assert(_large is null or { IsComplete: true } || _start == _end, "a payload that is still arriving has taken all there is");
    }
}
