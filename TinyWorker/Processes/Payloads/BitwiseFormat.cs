using System.Runtime.CompilerServices;

namespace TinyWorker.Processes.Payloads;

/// <summary>A value of one of the <see cref="BitwiseTypes"/>: its bits.</summary>
internal sealed class BitwiseFormat<T> : PayloadFormat<T>
{
    public override void Write(T value, PayloadBuffer buffer)
    {
        Unsafe.WriteUnaligned(ref buffer.GetSpan(Unsafe.SizeOf<T>())[0], value);
        buffer.Advance(Unsafe.SizeOf<T>());
    }

    public override T Read(ReadOnlyMemory<byte> payload)
    {
        if (payload.Length != Unsafe.SizeOf<T>()) throw WrongLength(payload.Length);
        // A bool of other bits than these two would be neither true nor false.
        if (typeof(T) == typeof(bool)) return (T)(object)(payload.Span[0] != 0);
        return Unsafe.ReadUnaligned<T>(in payload.Span[0]);
    }

    public override LargePayload Receive(int length) => throw WrongLength(length);

    private static MalformedDataException WrongLength(int length) =>
        new($"a {typeof(T)} of {length} bytes instead of {Unsafe.SizeOf<T>()}");
}
