using System.Buffers;
using MemoryPack;

namespace TinyWorker.Examples;

// <sample>
[MemoryPackable]
internal sealed partial record Order(string Customer, List<OrderLine> Lines);

[MemoryPackable]
internal sealed partial record OrderLine(string Part, int Count, decimal Price);

[MemoryPackable]
internal sealed partial record Bill(string Customer, decimal Total);

internal sealed class MemoryPackPayloads : IPayloadSerializer
{
    public void Serialize<T>(T value, IBufferWriter<byte> writer) => MemoryPackSerializer.Serialize(writer, value);

    public T Deserialize<T>(ReadOnlyMemory<byte> payload) => MemoryPackSerializer.Deserialize<T>(payload.Span)!;
}
// </sample>

internal static class Serializer
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var bills = new TinyTroupe<Order, Bill>(
            order => new Bill(order.Customer, order.Lines.Sum(line => line.Count * line.Price)),
            new ProcessTroupeOptions { Workers = 2, Serializer = () => new MemoryPackPayloads() });

        var order = new Order("Ada", [new("wheel", 4, 12.50m), new("axle", 2, 8.25m)]);
        Console.WriteLine(await bills.CallAsync(order));
        // </sample>

        Console.WriteLine($"{Size(new MemoryPackPayloads(), order)} bytes, as JSON {Size(new JsonPayloadSerializer(), order)}");
    }

    private static int Size(IPayloadSerializer serializer, Order order)
    {
        var written = new ArrayBufferWriter<byte>();
        serializer.Serialize(order, written);
        return written.WrittenCount;
    }
}
