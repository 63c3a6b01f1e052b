using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using TinyWorker.Platform;

namespace TinyWorker.Processes.Payloads;

/// <summary>
/// A payload while it arrives, from its announced length to the last byte. Its final memory is allocated only when the length is believed:
/// when it is at most <see cref="Trust"/> more than twice what has arrived. Until then the bytes are in chunks of 1 MiB. So a wrong length
/// costs no more memory than was really sent, and a right one that is not trusted costs one copy of half the payload.
/// </summary>
internal abstract class LargePayload(int length, bool tagged)
{
    private const int Chunk = 1024 * 1024;   // bytes; a power of two, like the pool's arrays

    private readonly byte[] _tag = new byte[tagged ? 1 : 0];
    private readonly int _length = length - (tagged ? 1 : 0);   // without the tag
    private readonly List<byte[]> _chunks = [];                 // until the length is believed
    private Memory<byte> _whole;                                // from then on
    private bool _isBelieved;
    private bool _hasTag = !tagged;
    private int _arrived;                                       // without the tag

    /// <summary>Whether a byte comes before the rest, and is kept apart from it.</summary>
    public bool IsTagged => tagged;

    public byte Tag => _tag[0];

    /// <summary>How many bytes are believed before any have arrived.</summary>
    public int Trust { get; set; } = Chunk;

    /// <summary>How many bytes are still to come.</summary>
    public int Missing => (_hasTag ? 0 : 1) + _length - _arrived;

    public bool IsComplete => _hasTag && _arrived == _length;

    /// <summary>All bytes without the tag. To be read when the payload is complete.</summary>
    public ReadOnlyMemory<byte> Bytes => _whole;

    /// <summary>Where the next bytes are to be put: never empty, and never more than are still to come.</summary>
    public Memory<byte> GetMemory()
    {
        if (!_hasTag) return _tag;
        if (!_isBelieved && _length - 2L * _arrived <= Trust) Believe();
        if (_isBelieved) return _whole[_arrived..];
        var inChunk = _arrived % Chunk;
        if (inChunk == 0 && _chunks.Count * (long)Chunk == _arrived) _chunks.Add(ArrayPool<byte>.Shared.Rent(Chunk));
        return _chunks[^1].AsMemory(inChunk, Chunk - inChunk);
    }

    public void Advance(int count)
    {
        AssertInvariants();
        if (!_hasTag) _hasTag = count == 1;
        else _arrived += count;
        // A payload that ends in a chunk, or has only a tag, is not asked for more memory.
        if (_hasTag && _arrived == _length && !_isBelieved) Believe();
        AssertInvariants();
    }

    /// <summary>Allocates the final memory, uninitialized.</summary>
    protected abstract Memory<byte> Allocate(int bytes);

    private void Believe()
    {
        _whole = Allocate(_length);
        HostSystem.Current.ExpectToFill(_whole.Span);
        _isBelieved = true;
        for (var i = 0; i < _chunks.Count; i++)
        {
            var start = i * Chunk;
            _chunks[i].AsMemory(0, Math.Min(Chunk, _arrived - start)).CopyTo(_whole[start..]);
            ArrayPool<byte>.Shared.Return(_chunks[i]);
        }

        _chunks.Clear();
    }

    [Conditional("DEBUG")]
    private void AssertInvariants()
    {
        Debug.Assert(_arrived >= 0 && _arrived <= _length, "no more has arrived than was announced");
        Debug.Assert(!_isBelieved || (_chunks.Count == 0 && _whole.Length == _length), "the bytes are in one place");
    }
}

/// <summary>A payload that arrives in an array, which may become the value.</summary>
internal sealed class LargeArray<TElement>(int length, bool tagged) : LargePayload(length, tagged)
{
    /// <summary>To be read when the payload is complete.</summary>
    public TElement[] Array { get; private set; } = [];

    protected override Memory<byte> Allocate(int bytes)
    {
        Array = GC.AllocateUninitializedArray<TElement>(bytes / Unsafe.SizeOf<TElement>());
        return ArrayMemory<TElement>.Over(Array);
    }
}
