namespace TinyWorker.Processes.Payloads;

/// <summary>A value as the troupe's serializer writes it.</summary>
internal sealed class SerializerFormat<T>(IPayloadSerializer serializer) : PayloadFormat<T>
{
    public override void Write(T value, PayloadBuffer buffer) => serializer.Serialize(value, buffer);

    public override T Read(ReadOnlyMemory<byte> payload) => serializer.Deserialize<T>(payload);
}
