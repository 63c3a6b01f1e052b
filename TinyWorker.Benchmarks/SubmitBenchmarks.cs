using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost when there are many: submit them all, then collect every result?</summary>
public class SubmitBenchmarks
{
    private const int Items = 300_000;
    private const int Workers = 4;
    private const int Capacity = 1024;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private readonly Task<int>[] _tasks = new Task<int>[Items];

    private TinyTroupe<int, int> _threadTroupe = null!;
    private TinyTroupe<int, int> _poolTroupe = null!;
    private HandWrittenPool<int, int> _handWritten = null!;
    private RawChannel _rawChannel = null!;
    private TransformBlock<int, int> _transformBlock = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _threadTroupe = new(x => x + 1, new ThreadTroupeOptions { Workers = Workers, Capacity = Capacity });
        _poolTroupe = new(x => x + 1, new PoolTroupeOptions { Workers = Workers, Capacity = Capacity });
        await _threadTroupe.WhenReadyAsync();
        await _poolTroupe.WhenReadyAsync();

        _handWritten = new(x => x + 1, Workers, Capacity);
        _rawChannel = new(x => x + 1, Workers, Capacity);
        _transformBlock = new(
            x => x + 1,
            new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers, BoundedCapacity = Capacity });
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _threadTroupe.DisposeAsync();
        await _poolTroupe.DisposeAsync();
        await _handWritten.DisposeAsync();
        await _rawChannel.DisposeAsync();
        _transformBlock.Complete();
        await _transformBlock.Completion;
    }

    [Benchmark(Description = "TinyWorker, threads", OperationsPerInvoke = Items)]
    public long TinyWorkerThreads()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _threadTroupe.Submit(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }

    [Benchmark(Description = "TinyWorker, pool, blocking Submit", OperationsPerInvoke = Items)]
    public long TinyWorkerPoolBlocking()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _poolTroupe.Submit(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
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

    [Benchmark(Description = "Hand-written channel + TaskCompletionSource", Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> HandWrittenChannel()
    {
        for (var i = 0; i < _tasks.Length; i++)
            await _handWritten.SubmitAsync(i, out _tasks[i]);
        return await SumAsync(_tasks);
    }

    [Benchmark(Description = "TransformBlock, bounded (no futures)", OperationsPerInvoke = Items)]
    public Task<long> TransformBlock() => Dataflow.SendAllWhileReceivingAsync(_transformBlock, _transformBlock, Items);

    [Benchmark(Description = "Task.Run per item (no bound)", OperationsPerInvoke = Items)]
    public async Task<long> TaskRun()
    {
        for (var i = 0; i < _tasks.Length; i++)
        {
            var x = i;
            _tasks[i] = Task.Run(() => x + 1);
        }
        return await SumAsync(_tasks);
    }

    [Benchmark(Description = "Raw Channel.CreateBounded<int> (no results)", OperationsPerInvoke = Items)]
    public Task<long> RawChannel() => _rawChannel.WriteAllAsync(Items);

    private static async Task<long> SumAsync(Task<int>[] tasks)
    {
        long sum = 0;
        foreach (var task in tasks)
            sum += await task;
        return sum;
    }
}
