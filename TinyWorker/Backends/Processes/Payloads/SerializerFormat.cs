namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>Whatever the troupe's serializer makes of a value.</summary>
internal sealed class SerializerFormat<T>(IPayloadSerializer serializer) : PayloadFormat<T>
{
    public override void Write(T value, PayloadBuffer buffer) => serializer.Serialize(value, buffer);

    public override T Read(ReadOnlyMemory<byte> payload) => serializer.Deserialize<T>(payload);
}
