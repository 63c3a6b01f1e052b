using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item of an ordered map cost?</summary>
public class MapBenchmarks
{
    private const int Items = 100_000;
    private const int Workers = 4;
    private const int Window = 1024;
    private const string Tiny = "tiny items";

    private readonly MapOptions _options = new() { Window = Window };
    private readonly int[] _results = new int[Items];

    private TinyTroupe<int, int> _threadTroupe = null!;
    private TinyTroupe<int, int> _poolTroupe = null!;
    private TransformBlock<int, int> _transformBlock = null!;
    private AkkaStreams _akkaStreams = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _threadTroupe = new(x => x + 1, new ThreadTroupeOptions { Workers = Workers, Capacity = Window });
        _poolTroupe = new(x => x + 1, new PoolTroupeOptions { Workers = Workers, Capacity = Window });
        await _threadTroupe.WhenReadyAsync();
        await _poolTroupe.WhenReadyAsync();
        _transformBlock = new(
            x => x + 1,
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers, BoundedCapacity = Window });
        _akkaStreams = new();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _threadTroupe.DisposeAsync();
        await _poolTroupe.DisposeAsync();
        _transformBlock.Complete();
        await _transformBlock.Completion;
        await _akkaStreams.DisposeAsync();
    }

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "TinyWorker, threads, Map", OperationsPerInvoke = Items)]
    public long TinyWorkerMap()
    {
        long sum = 0;
        foreach (var result in _threadTroupe.Map(Enumerable.Range(0, Items), _options))
            sum += result;
        return sum;
    }

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "TinyWorker, pool, MapAsync", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerMapAsync()
    {
        long sum = 0;
        await foreach (var result in _poolTroupe.MapAsync(Enumerable.Range(0, Items), _options))
            sum += result;
        return sum;
    }

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "TransformBlock, ordered, bounded", Baseline = true, OperationsPerInvoke = Items)]
    public Task<long> TransformBlock() => Dataflow.SendAllWhileReceivingAsync(_transformBlock, _transformBlock, Items);

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "Parallel.ForEachAsync (no results)", OperationsPerInvoke = Items)]
    public async Task<long> ForEachAsync()
    {
        long sum = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Items),
            new ParallelOptions { MaxDegreeOfParallelism = Workers },
            (x, _) =>
            {
                Interlocked.Add(ref sum, x + 1);   // there are no results, so the sum is shared
                return ValueTask.CompletedTask;
            });
        return sum;
    }

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "Parallel.ForEachAsync into an array", OperationsPerInvoke = Items)]
    public async Task<long> ForEachAsyncWithResults()
    {
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Items),
            new ParallelOptions { MaxDegreeOfParallelism = Workers },
            (x, _) =>
            {
                _results[x] = x + 1;   // each item has a place of its own
                return ValueTask.CompletedTask;
            });
        long sum = 0;
        foreach (var result in _results)
            sum += result;
        return sum;
    }

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "Akka.Streams, SelectAsync, Task.Run", OperationsPerInvoke = Items)]
    public Task<long> AkkaStreams() => _akkaStreams.SumAsync(Items, Workers, x => x + 1);

    [BenchmarkCategory(Tiny)]
    [Benchmark(Description = "PLINQ, AsOrdered", OperationsPerInvoke = Items)]
    public long Plinq()
    {
        long sum = 0;
        foreach (var result in Enumerable.Range(0, Items).AsParallel().AsOrdered().WithDegreeOfParallelism(Workers).Select(x => x + 1))
            sum += result;
        return sum;
    }
}
