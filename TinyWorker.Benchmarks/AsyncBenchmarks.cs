using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost when the function is asynchronous and 64 calls run at a time?</summary>
public class AsyncBenchmarks
{
    private const int Items = 100_000;
    private const int Workers = 64;
    private const int Capacity = 1024;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private readonly Task<int>[] _tasks = new Task<int>[Items];

    private TinyTroupe<int, int> _poolTroupe = null!;
    private TransformBlock<int, int> _transformBlock = null!;
    private SemaphoreSlim _semaphore = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _poolTroupe = new(YieldAsync, new PoolTroupeOptions { Workers = Workers, Capacity = Capacity });
        await _poolTroupe.WhenReadyAsync();

        _transformBlock = new(
            YieldAsync,
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers, BoundedCapacity = Capacity });
        _semaphore = new(Workers);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _poolTroupe.DisposeAsync();
        _transformBlock.Complete();
        await _transformBlock.Completion;
        _semaphore.Dispose();
    }

    [Benchmark(Description = "TinyWorker, pool", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerPool()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = await _poolTroupe.SubmitAsync(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += await future;
        return sum;
    }

    [Benchmark(Description = "TransformBlock, bounded (no futures)", Baseline = true, OperationsPerInvoke = Items)]
    public Task<long> TransformBlock() => Dataflow.SendAllWhileReceivingAsync(_transformBlock, _transformBlock, Items);

    [Benchmark(Description = "SemaphoreSlim(64) around the method", OperationsPerInvoke = Items)]
    public async Task<long> SemaphoreAroundTheMethod()
    {
        for (var i = 0; i < _tasks.Length; i++)
        {
            await _semaphore.WaitAsync();
            _tasks[i] = RunThenReleaseAsync(i);
        }

        long sum = 0;
        foreach (var task in _tasks)
            sum += await task;
        return sum;
    }

    private async Task<int> RunThenReleaseAsync(int x)
    {
        try
        {
            return await YieldAsync(x);
        }
        finally
        {
            _semaphore.Release();
        }
    }

    private static async Task<int> YieldAsync(int x)
    {
        await Task.Yield();
        return x;
    }
}
