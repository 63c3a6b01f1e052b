using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost when it is alone: submit one, wait for its result, submit the next?</summary>
public class RoundTripBenchmarks
{
    private const int Items = 20_000;
    private const int Workers = 4;
    private const int Capacity = 1024;
    private const string Threads = "threads";
    private const string Pool = "pool";

    private TinyTroupe<int, int> _threadTroupe = null!;
    private TinyTroupe<int, int> _poolTroupe = null!;
    private HandWrittenPool<int, int> _handWritten = null!;
    private PingPong _pingPong = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _threadTroupe = new(x => x + 1, new ThreadTroupeOptions { Workers = Workers, Capacity = Capacity });
        _poolTroupe = new(x => x + 1, new PoolTroupeOptions { Workers = Workers, Capacity = Capacity });
        await _threadTroupe.WhenReadyAsync();
        await _poolTroupe.WhenReadyAsync();

        _handWritten = new(x => x + 1, Workers, Capacity);
        _pingPong = new(x => x + 1);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _threadTroupe.DisposeAsync();
        await _poolTroupe.DisposeAsync();
        await _handWritten.DisposeAsync();
        _pingPong.Dispose();
    }

    [BenchmarkCategory(Threads)]
    [Benchmark(Description = "TinyWorker, threads, Result()", OperationsPerInvoke = Items)]
    public long TinyWorkerThreads()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += _threadTroupe.Submit(i).Result();
        return sum;
    }

    [BenchmarkCategory(Threads)]
    [Benchmark(Description = "TinyWorker, threads, await on the pool", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerThreadsAwaited()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += await _threadTroupe.Submit(i);
        return sum;
    }

    [BenchmarkCategory(Threads)]
    [Benchmark(Description = "Two threads, two SemaphoreSlims", Baseline = true, OperationsPerInvoke = Items)]
    public long SemaphorePingPong()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += _pingPong.Call(i);
        return sum;
    }

    [BenchmarkCategory(Pool)]
    [Benchmark(Description = "TinyWorker, pool, await", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerPool()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += await await _poolTroupe.SubmitAsync(i);
        return sum;
    }

    [BenchmarkCategory(Pool)]
    [Benchmark(Description = "Hand-written channel, await", Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> HandWrittenChannel()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
        {
            await _handWritten.SubmitAsync(i, out var result);
            sum += await result;
        }
        return sum;
    }
}
