using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>Reads what a <see cref="FieldWriter"/> wrote. Whatever the bytes are, it reads none behind their end.</summary>
internal ref struct FieldReader(ReadOnlySpan<byte> payload)
{
    private ReadOnlySpan<byte> _rest = payload;

    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>A value that is nothing but its bits, any of which are one: no bool, which has <see cref="ReadBool"/>.</summary>
    /// <exception cref="MalformedFrameException">There is not as much left. So with all that follow.</exception>
    public T Read<T>()
        where T : unmanaged => Unsafe.ReadUnaligned<T>(in Take(Unsafe.SizeOf<T>())[0]);

    public bool ReadBool() => Read<byte>() != 0;

    public string? ReadString()
    {
        var length = Read<int>();
        return length == -1 ? null : new string(MemoryMarshal.Cast<byte, char>(Take((long)length * sizeof(char))));
    }

    /// <summary>How many items follow, each of so many bytes at least: never more than could be there.</summary>
    public int ReadCount(int leastBytesEach)
    {
        var count = Read<int>();
        return count >= 0 && count <= _rest.Length / leastBytesEach ? count : throw Malformed(count);
    }

    private ReadOnlySpan<byte> Take(long length)
    {
        if (length < 0 || length > _rest.Length) throw Malformed(length);
        var taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private readonly MalformedFrameException Malformed(long length) => new($"a field of {length} where {_rest.Length} bytes are left");
}
