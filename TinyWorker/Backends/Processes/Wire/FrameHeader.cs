using System.Buffers.Binary;

namespace TinyWorker.Backends.Processes.Wire;

/// <summary>What goes before every payload: the kind (1 byte), the payload's length (4) and the task's number (8), little-endian.</summary>
internal readonly record struct FrameHeader(FrameKind Kind, uint Length, long Sequence)
{
    public const int Size = 1 + sizeof(uint) + sizeof(long);

    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        (FrameKind)bytes[0],
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[5..]));

    public void Write(Span<byte> bytes)
    {
        bytes[0] = (byte)Kind;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[1..], Length);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[5..], Sequence);
    }
}
