using System.Buffers;

namespace TinyWorker.Backends.Processes.Payloads;

/// <summary>The default serializer, made when it is first needed: it takes a process longer than all the rest of its start, and many never need it.</summary>
internal sealed class LazyJson : IPayloadSerializer
{
    private readonly Lazy<JsonPayloadSerializer> _json = new(static () => new JsonPayloadSerializer());

    public void Serialize<T>(T value, IBufferWriter<byte> writer) => _json.Value.Serialize(value, writer);

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => _json.Value.Deserialize<T>(payload);
}
