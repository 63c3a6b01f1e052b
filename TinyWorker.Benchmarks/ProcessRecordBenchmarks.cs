using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does a serializer of one's own save when records go to worker processes and come back?</summary>
public class ProcessRecordBenchmarks
{
    private const int Items = 5_000;
    private const int Workers = 2;

    private readonly Order[] _orders = [.. Enumerable.Repeat(Order.Example, Items)];

    private TinyTroupe<Order, Order> _json = null!;
    private TinyTroupe<Order, Order> _memoryPack = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _json = new(order => order, new ProcessTroupeOptions { Workers = Workers });
        _memoryPack = new(order => order, new ProcessTroupeOptions { Workers = Workers, Serializer = () => new MemoryPackPayloads() });
        await _json.WhenReadyAsync();
        await _memoryPack.WhenReadyAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _json.DisposeAsync();
        await _memoryPack.DisposeAsync();
    }

    [Benchmark(Description = "Records, JsonPayloadSerializer", Baseline = true, OperationsPerInvoke = Items)]
    public long Json() => _json.Map(_orders).Sum(order => (long)order.Number);

    [Benchmark(Description = "Records, MemoryPack", OperationsPerInvoke = Items)]
    public long MemoryPack() => _memoryPack.Map(_orders).Sum(order => (long)order.Number);
}
