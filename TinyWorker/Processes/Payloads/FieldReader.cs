using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Processes.Payloads;

/// <summary>Reads what a <see cref="FieldWriter"/> wrote. Whatever the bytes are, it never reads beyond their end.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>A value of a type for which any bits are a value. A bool is not: use <see cref="ReadBool"/>.</summary>
    /// <exception cref="MalformedDataException">Fewer bytes are left. The other methods throw it, too.</exception>
    public T Read<T>()
        where T : unmanaged => Unsafe.ReadUnaligned<T>(in Take(Unsafe.SizeOf<T>())[0]);

    public bool ReadBool() => Read<byte>() != 0;

    /// <summary>A text. Fails if it has more characters than this.</summary>
    public string? ReadString(int longest = int.MaxValue)
    {
        var length = Read<int>();
        if (length > longest) throw Malformed(length);
        return length == -1 ? null : new string(MemoryMarshal.Cast<byte, char>(Take((long)length * sizeof(char))));
    }

    /// <summary>The number of items that follow. Fails if there are more than may be, or the bytes that are left are too few for
    /// them.</summary>
    /// <param name="leastBytesEach">The least number of bytes of each item.</param>
    /// <param name="most">How many items there may be.</param>
    public int ReadCount(int leastBytesEach, int most)
    {
        var count = Read<int>();
        return count >= 0 && count <= most && count <= _rest.Length / leastBytesEach ? count : throw Malformed(count);
    }

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > _rest.Length) throw Malformed(length);
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private readonly MalformedDataException Malformed(long length) => new($"a field of {length} where {_rest.Length} bytes are left");
}
