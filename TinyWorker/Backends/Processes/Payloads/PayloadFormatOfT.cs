using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>How the values of one type lie in a payload. Immutable: any number of threads may use one.</summary>
internal abstract class PayloadFormat<T> : PayloadFormat
{
    /// <summary>Appends the value. Large memory of the value's own may be appended without a copy, so the value must stay as it is until
    /// the buffer is sent. Throws whatever the serializer throws.</summary>
    public abstract void Write(T value, PayloadBuffer buffer);

    /// <summary>The value. Keeps nothing of the payload, whose memory is used again.</summary>
    /// <exception cref="MalformedFrameException">No value of this type lies like that.</exception>
    public abstract T Read(ReadOnlyMemory<byte> payload);

    /// <summary>The value of a payload that came in by <see cref="PayloadFormat.Receive"/>, and may be it itself.</summary>
    public virtual T Read(LargePayload payload) => Read(payload.Bytes);
}
