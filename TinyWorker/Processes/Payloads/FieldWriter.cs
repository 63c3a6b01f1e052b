using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace TinyWorker.Processes.Payloads;

/// <summary>Writes a payload of several fields, without their names. <see cref="FieldReader"/> reads them in the same order.</summary>
internal readonly struct FieldWriter(PayloadBuffer buffer)
{
    private const int Null = -1;

    /// <summary>A value, as its bits.</summary>
    public void Write<T>(T value)
        where T : unmanaged
    {
        Unsafe.WriteUnaligned(ref buffer.GetSpan(Unsafe.SizeOf<T>())[0], value);
        buffer.Advance(Unsafe.SizeOf<T>());
    }

    public void Write(string? value)
    {
        Write(value?.Length ?? Null);
        buffer.Write(MemoryMarshal.AsBytes(value.AsSpan()));
    }
}
