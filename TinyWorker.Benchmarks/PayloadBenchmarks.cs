using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>
/// What does it cost that a value arrives whole or not at all? JsonPayloadSerializer writes and reads values, and bare System.Text.Json,
/// which loses what it loses, does the same. What would a serializer of one's own save? MemoryPack does the same with records.
/// </summary>
public class PayloadBenchmarks
{
    private const int Items = 500;

    private static readonly JsonSerializerOptions Bare = new() { IncludeFields = true };

    private readonly JsonPayloadSerializer _json = new();
    private readonly MemoryPackPayloads _memoryPack = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly Order _order = Order.Example;
    private readonly List<OrderLine> _lines = [.. Enumerable.Range(0, 100).Select(i => new OrderLine($"part {i}", i, 1.5 * i))];
    private readonly Dictionary<string, int> _counts = Enumerable.Range(0, 100).ToDictionary(i => $"word {i}");
    private readonly Account _account = new(5) { Owner = "somebody" };

    [BenchmarkCategory("a record")]
    [Benchmark(Description = "System.Text.Json", Baseline = true, OperationsPerInvoke = Items)]
    public long BareRecord() => Sum(() => ThroughBare(_order).Number);

    [BenchmarkCategory("a record")]
    [Benchmark(Description = "JsonPayloadSerializer", OperationsPerInvoke = Items)]
    public long Record() => Sum(() => Through(_json, _order).Number);

    [BenchmarkCategory("a record")]
    [Benchmark(Description = "MemoryPack", OperationsPerInvoke = Items)]
    public long MemoryPackRecord() => Sum(() => Through(_memoryPack, _order).Number);

    [BenchmarkCategory("100 records")]
    [Benchmark(Description = "System.Text.Json", Baseline = true, OperationsPerInvoke = Items)]
    public long BareRecords() => Sum(() => ThroughBare(_lines).Count);

    [BenchmarkCategory("100 records")]
    [Benchmark(Description = "JsonPayloadSerializer", OperationsPerInvoke = Items)]
    public long Records() => Sum(() => Through(_json, _lines).Count);

    [BenchmarkCategory("100 records")]
    [Benchmark(Description = "MemoryPack", OperationsPerInvoke = Items)]
    public long MemoryPackRecords() => Sum(() => Through(_memoryPack, _lines).Count);

    [BenchmarkCategory("a dictionary of 100")]
    [Benchmark(Description = "System.Text.Json", Baseline = true, OperationsPerInvoke = Items)]
    public long BareDictionary() => Sum(() => ThroughBare(_counts).Count);

    [BenchmarkCategory("a dictionary of 100")]
    [Benchmark(Description = "JsonPayloadSerializer", OperationsPerInvoke = Items)]
    public long Dictionary() => Sum(() => Through(_json, _counts).Count);

    [BenchmarkCategory("private state that is compared")]
    [Benchmark(Description = "System.Text.Json", Baseline = true, OperationsPerInvoke = Items)]
    public long BareCompared() => Sum(() => ThroughBare(_account).Limit);

    [BenchmarkCategory("private state that is compared")]
    [Benchmark(Description = "JsonPayloadSerializer", OperationsPerInvoke = Items)]
    public long Compared() => Sum(() => Through(_json, _account).Limit);

    private static long Sum(Func<int> step)
    {
        long sum = 0;
        for (var i = 0; i < Items; i++) sum += step();
        return sum;
    }

    private T Through<T>(IPayloadSerializer serializer, T value)
    {
        _buffer.ResetWrittenCount();
        serializer.Serialize(value, _buffer);
        return serializer.Deserialize<T>(_buffer.WrittenMemory);
    }

    private T ThroughBare<T>(T value)
    {
        _buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_buffer);
        JsonSerializer.Serialize(writer, value, Bare);
        return JsonSerializer.Deserialize<T>(_buffer.WrittenSpan, Bare)!;
    }

    internal sealed class Account(int limit)
    {
        private int _limit = limit;

        public string? Owner { get; set; }

        public int Limit
        {
            get => _limit;
            set => _limit = Math.Max(value, 0);
        }
    }
}
