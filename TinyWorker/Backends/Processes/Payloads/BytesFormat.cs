namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>Something that stands for bytes, without a copy to and from it: as an array of them.</summary>
internal sealed class BytesFormat<T>(Func<T, ReadOnlyMemory<byte>?> toBytes, Func<byte[]?, T> fromBytes) : PayloadFormat<T>
{
    private static readonly ArrayFormat<byte> Bytes = new();

    public override void Write(T value, PayloadBuffer buffer)
    {
        if (toBytes(value) is not { } bytes) return;
        buffer.Write([ArrayFormat<byte>.Present]);
        buffer.WriteByReference(bytes);
    }

    public override T Read(ReadOnlyMemory<byte> payload) => fromBytes(Bytes.Read(payload));

    public override LargePayload Receive(int length) => Bytes.Receive(length);

    public override T Read(LargePayload payload) => fromBytes(Bytes.Read(payload));
}
