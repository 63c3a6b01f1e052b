using System.Buffers;
using MemoryPack;

namespace TinyWorker.Benchmarks.Peers;

/// <summary>MemoryPack in the place of JSON, as in docs/processes.md.</summary>
internal sealed class MemoryPackPayloads : IPayloadSerializer
{
    public void Serialize<T>(T value, IBufferWriter<byte> writer) => MemoryPackSerializer.Serialize(writer, value);

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => MemoryPackSerializer.Deserialize<T>(payload.Span)!;
}

/// <summary>A record of some fields, which every serializer of the benchmarks can take.</summary>
[MemoryPackable]
internal sealed partial record Order(string Name, int Number, OrderAddress To, List<OrderLine> Lines)
{
    public static Order Example => new("An order", 7, new OrderAddress("Main Street 1", "Town"), [new("one", 1, 1.5), new("two", 2, 2.5)]);
}

[MemoryPackable]
internal sealed partial record OrderAddress(string Street, string Town);

[MemoryPackable]
internal sealed partial record OrderLine(string Part, int Count, double Price);
