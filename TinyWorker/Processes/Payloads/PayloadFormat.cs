namespace TinyWorker.Processes.Payloads;

/// <summary>A <see cref="PayloadFormat{T}"/>, whatever its type.</summary>
internal abstract class PayloadFormat
{
    /// <summary>Whether large values are written by reference, behind one byte: so they may go through shared memory.</summary>
    public virtual bool MayBeShared => false;

    /// <summary>Receives a payload of this many bytes that is too large for the reader's buffer.</summary>
    public virtual LargePayload Receive(int length) => new LargeArray<byte>(length, tagged: false);
}

/// <summary>How values of one type are written into a payload, and read from it. Immutable: any number of threads may use it.</summary>
internal abstract class PayloadFormat<T> : PayloadFormat
{
    /// <summary>
    /// Appends the value. Large memory of the value may be appended without a copy: the value must not change until the buffer is sent.
    /// Throws whatever the serializer throws.
    /// </summary>
    public abstract void Write(T value, PayloadBuffer buffer);

    /// <summary>The value. It keeps nothing of the payload, whose memory is reused.</summary>
    /// <exception cref="MalformedDataException">These bytes are no value of this type.</exception>
    public abstract T Read(ReadOnlyMemory<byte> payload);

    /// <summary>
    /// The value of a payload that <see cref="PayloadFormat.Receive"/> received. The value may be the payload's own array.
    /// </summary>
    public virtual T Read(LargePayload payload) => Read(payload.Bytes);
}
