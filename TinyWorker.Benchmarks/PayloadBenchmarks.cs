using System.Buffers;
using System.Text.Json;
using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>
/// What does it cost that a value arrives whole or not at all? JsonPayloadSerializer writes and reads values, and bare System.Text.Json,
/// which loses what it loses, does the same.
/// </summary>
public class PayloadBenchmarks
{
    private static readonly JsonSerializerOptions Bare = new() { IncludeFields = true };

    private readonly JsonPayloadSerializer _serializer = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);
    private readonly List<Line> _lines = [.. Enumerable.Range(0, 100).Select(i => new Line($"part {i}", i, 1.5 * i))];
    private readonly Order _order = new("An order", 7, new Address("Main Street 1", "Town"), [new("one", 1, 1.5), new("two", 2, 2.5)]);
    private readonly Dictionary<string, int> _counts = Enumerable.Range(0, 100).ToDictionary(i => $"word {i}");
    private readonly Account _account = new(5) { Owner = "somebody" };

    [Benchmark(Description = "A record, System.Text.Json", Baseline = true)]
    public object? BareRecord() => ThroughBare(_order);

    [Benchmark(Description = "A record")]
    public object? Record() => Through(_order);

    [Benchmark(Description = "100 records, System.Text.Json")]
    public object? BareRecords() => ThroughBare(_lines);

    [Benchmark(Description = "100 records")]
    public object? Records() => Through(_lines);

    [Benchmark(Description = "A dictionary of 100, System.Text.Json")]
    public object? BareDictionary() => ThroughBare(_counts);

    [Benchmark(Description = "A dictionary of 100")]
    public object? Dictionary() => Through(_counts);

    [Benchmark(Description = "Private state that is compared, System.Text.Json")]
    public object? BareCompared() => ThroughBare(_account);

    [Benchmark(Description = "Private state that is compared")]
    public object? Compared() => Through(_account);

    private T Through<T>(T value)
    {
        _buffer.ResetWrittenCount();
        _serializer.Serialize(value, _buffer);
        return _serializer.Deserialize<T>(_buffer.WrittenMemory);
    }

    private T? ThroughBare<T>(T value)
    {
        _buffer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_buffer);
        JsonSerializer.Serialize(writer, value, Bare);
        return JsonSerializer.Deserialize<T>(_buffer.WrittenSpan, Bare);
    }

    internal sealed record Order(string Name, int Number, Address To, List<Line> Lines);

    internal sealed record Address(string Street, string Town);

    internal sealed record Line(string Part, int Count, double Price);

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
