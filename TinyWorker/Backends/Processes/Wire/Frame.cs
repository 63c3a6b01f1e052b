using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Wire;

/// <summary>A frame that has come in whole. Valid until its reader is given more bytes.</summary>
internal readonly struct Frame
{
    private readonly LargePayload? _large;   // what came in by itself, past the reader's buffer

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

    /// <summary>The payload of a frame that is no value; values are to be had through <see cref="Read"/>.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>The payload as a value. Throws what its serializer throws.</summary>
    /// <exception cref="MalformedFrameException">No value of this type lies like that.</exception>
    public T Read<T>(PayloadFormat<T> format) => _large is null ? format.Read(Payload) : format.Read(_large);
}
