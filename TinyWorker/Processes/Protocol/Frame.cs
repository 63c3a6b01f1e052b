using System.Buffers.Binary;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Protocol;

/// <summary>A frame that has arrived completely. Valid until its reader is given more bytes.</summary>
internal readonly struct Frame
{
    private readonly LargePayload? _large;   // the payload, if it did not go through the reader's buffer

    public Frame(FrameKind kind, long sequence, ReadOnlyMemory<byte> payload)
    {
        Kind = kind;
        Sequence = sequence;
        Payload = payload;
    }

    public Frame(FrameKind kind, long sequence, LargePayload payload)
        : this(kind, sequence, payload.IsTagged ? default : payload.Bytes) => _large = payload;

    public FrameKind Kind { get; }

    public long Sequence { get; }

    /// <summary>The payload of a frame that carries no value. <see cref="Read"/> gives values.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The payload as a value. Throws what its serializer throws.</summary>
    /// <exception cref="MalformedDataException">These bytes are no value of this type.</exception>
    public T Read<T>(PayloadFormat<T> format) => _large is null ? format.Read(Payload) : format.Read(_large);
}

/// <summary>What comes before each payload: the kind (1 byte), the payload's length (4) and the task's number (8), little-endian.</summary>
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
