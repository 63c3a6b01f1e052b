using System.Buffers.Binary;
using System.Diagnostics;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// Splits a stream of bytes into frames, in whatever pieces the bytes arrive. <see cref="GetMemory"/> says where to put the next bytes,
/// <see cref="Advance"/> takes how many arrived, and then <see cref="TryRead"/> is to be called until it returns false. Small frames lie in
/// a buffer that is reused. A large payload is received into its final memory, which is not allocated before its length is believed. For
/// one thread at a time.
/// </summary>
/// <param name="direction">Frames of the other direction are malformed.</param>
/// <param name="maxPayload">Bytes; frames with more are malformed.</param>
internal sealed class FrameReader(FrameDirection direction, int maxPayload = PayloadLimit.Max)
{
    private const int BufferSize = 64 * 1024;
    private const int LargestInBuffer = BufferSize / 2;   // a whole frame; so there is always room for the rest of a frame
    private const int TrustOfAChild = 64 * 1024 * 1024;   // bytes

    private readonly FrameKind _valueKind = FrameKinds.OfValues(direction);
    private byte[] _buffer = [];       // made when the first bytes come
    private int _start;                // of the bytes that have not been read
    private int _end;                  // of the bytes that have arrived
    private LargePayload? _large;      // of the frame that is arriving, if it is too large for the buffer
    private FrameHeader _largeHeader;  // its header
    private bool _isShared;            // whether it comes in pieces
    private int _following;            // bytes of the piece that are still to come through the connection; 0 between pieces

    /// <summary>The format of the user's values. While it is null, large values are received as bytes.</summary>
    public PayloadFormat? ValueFormat { get; set; }

    /// <summary>Through which large arrays may come. Null if they may not.</summary>
    public SharedWindow? Window { get; set; }

    /// <summary>False while a frame has begun and not ended. A stream that ends then was cut.</summary>
    public bool IsBetweenFrames => _start == _end && _large is null;

    // Whether the next bytes belong into the final memory of a payload.
    private bool IsDirect => _large is { IsComplete: false } && (!_isShared || (_following > 0 && _start == _end));

    /// <summary>Where to put the next bytes; never empty. Invalidates the frames that were read.</summary>
    public Memory<byte> GetMemory()
    {
        if (IsDirect)
        {
            var memory = _large!.GetMemory();
            return _isShared ? memory[..Math.Min(memory.Length, _following)] : memory;
        }

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

        if (_end == _buffer.Length)
            throw new InvalidOperationException("The frames that have arrived must be read before more bytes are put in.");
        return _buffer.AsMemory(_end);
    }

    /// <summary>Takes this many bytes, which were put where <see cref="GetMemory"/> said.</summary>
    public void Advance(int count)
    {
        if (IsDirect)
        {
            _large!.Advance(count);
            if (_isShared) _following -= count;
        }
        else
        {
            _end += count;
        }

        AssertInvariants();
    }

    /// <summary>The next frame, if it has arrived completely.</summary>
    /// <exception cref="MalformedDataException">The bytes are not a frame. Nothing behind them can be read, either.</exception>
    public bool TryRead(out Frame frame)
    {
        while (true)
        {
            if (_large is not null)
            {
                if (_isShared) TakePieces(_large);
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
            throw new MalformedDataException($"no frame of kind 0x{(byte)header.Kind:X2} comes from there");
        if (header.Kind == FrameKinds.Shared(_valueKind) && (Window is null || header.Length <= LargestInBuffer))
            throw new MalformedDataException($"a shared payload of {header.Length:N0} bytes");
        if (header.Length > (uint)maxPayload) throw new MalformedDataException($"a payload of {header.Length:N0} bytes");
    }

    private void BeginLarge(in FrameHeader header)
    {
        var length = (int)header.Length;
        _isShared = header.Kind == FrameKinds.Shared(_valueKind);
        var large = (header.Kind == _valueKind || _isShared) && ValueFormat is not null
            ? ValueFormat.Receive(length)
            : new LargeArray<byte>(length, tagged: false);
        if (_isShared && !large.IsTagged) throw new MalformedDataException("a shared payload of a type that is not shared");
        // Who shares memory is no stranger, and the parent no damaged process.
        if (_isShared) large.Trust = direction == FrameDirection.ToChild ? int.MaxValue : TrustOfAChild;
        _start += FrameHeader.Size;
        (_large, _largeHeader) = (large, header with { Kind = _isShared ? _valueKind : header.Kind });
        _following = _isShared ? 1 : 0;   // the first byte comes by itself
        if (!_isShared) TakeArrived(large, length);
    }

    private void TakeArrived(LargePayload large, int atMost)
    {
        while (_start < _end && atMost > 0 && !large.IsComplete)
        {
            var memory = large.GetMemory();
            var count = Math.Min(Math.Min(memory.Length, _end - _start), atMost);
            _buffer.AsMemory(_start, count).CopyTo(memory);
            _start += count;
            atMost -= count;
            large.Advance(count);
        }
    }

    /// <summary>Takes the pieces of a shared payload that have arrived. Each begins with its length, see FrameSocket.</summary>
    private void TakePieces(LargePayload large)
    {
        while (!large.IsComplete)
        {
            if (_following > 0)
            {
                var before = _start;
                TakeArrived(large, _following);
                _following -= _start - before;
                if (_following > 0) return;
                continue;
            }

            if (_end - _start < sizeof(int)) return;
            var length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
            if (length is 0 or int.MinValue or > SharedWindow.SlotSize || Math.Abs(length) > large.Missing)
                throw new MalformedDataException($"a piece of {length:N0} bytes, while {large.Missing:N0} are missing");
            _start += sizeof(int);
            if (length > 0) TakeShared(large, length);
            else _following = -length;
        }
    }

    private void TakeShared(LargePayload large, int length)
    {
        for (var taken = 0; taken < length;)
        {
            var memory = large.GetMemory();
            var count = Math.Min(memory.Length, length - taken);
            Window!.Take(taken, memory.Span[..count]);
            taken += count;
            large.Advance(count);
        }

        Window!.EndTake();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_start <= _end && _end <= _buffer.Length, "what has arrived lies in the buffer");
        Debug.Assert(
            _large is null or { IsComplete: true } || _isShared || _start == _end,
            "a payload that is still arriving has taken all there is");
        Debug.Assert(_following == 0 || (_isShared && _large is not null), "only a shared payload comes in pieces");
    }
}
