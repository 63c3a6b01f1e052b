using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost on its way through two stages: submit them all, then collect the last stage's results?</summary>
public class ChainBenchmarks
{
    private const int Items = 200_000;
    private const int Workers = 4;
    private const int Capacity = 1024;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private readonly Task<int>[] _tasks = new Task<int>[Items];

    private TinyTroupe<int, int> _firstThreads = null!;
    private TinyTroupe<int, int> _secondThreads = null!;
    private TinyTroupe<int, int> _firstPool = null!;
    private TinyTroupe<int, int> _secondPool = null!;
    private ITinyTroupe<int, int> _pipeline = null!;
    private HandWrittenPool<int, int> _firstHandWritten = null!;
    private HandWrittenPool<int, int> _secondHandWritten = null!;
    private TransformBlock<int, int> _firstBlock = null!;
    private TransformBlock<int, int> _secondBlock = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var threads = new ThreadTroupeOptions { Workers = Workers, Capacity = Capacity };
        _firstThreads = new(x => x + 1, threads);
        _secondThreads = new(x => x * 2, threads);
        _pipeline = _firstThreads.Into(_secondThreads);
        var pool = new PoolTroupeOptions { Workers = Workers, Capacity = Capacity };
        _firstPool = new(x => x + 1, pool);
        _secondPool = new(x => x * 2, pool);
        foreach (var troupe in new[] { _firstThreads, _secondThreads, _firstPool, _secondPool })
            await troupe.WhenReadyAsync();

        _firstHandWritten = new(x => x + 1, Workers, Capacity);
        _secondHandWritten = new(x => x * 2, Workers, Capacity);

        var blocks = new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers, BoundedCapacity = Capacity };
        _firstBlock = new(x => x + 1, blocks);
        _secondBlock = new(x => x * 2, blocks);
        _firstBlock.LinkTo(_secondBlock, new DataflowLinkOptions { PropagateCompletion = true });
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        foreach (var troupe in new[] { _firstThreads, _secondThreads, _firstPool, _secondPool })
            await troupe.DisposeAsync();
        await _firstHandWritten.DisposeAsync();
        await _secondHandWritten.DisposeAsync();
        _firstBlock.Complete();
        await _secondBlock.Completion;
    }

    [Benchmark(Description = "TinyWorker, threads", OperationsPerInvoke = Items)]
    public long TinyWorkerThreads()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _secondThreads.Submit(_firstThreads.Submit(i));

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }

    [Benchmark(Description = "TinyWorker, threads, Into", OperationsPerInvoke = Items)]
    public long TinyWorkerInto()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _pipeline.Submit(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }

    [Benchmark(Description = "TinyWorker, pool, blocking Submit", OperationsPerInvoke = Items)]
    public long TinyWorkerPoolBlocking()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _secondPool.Submit(_firstPool.Submit(i));

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }

    [Benchmark(Description = "TinyWorker, pool", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerPool()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = await _secondPool.SubmitAsync(await _firstPool.SubmitAsync(i));

        long sum = 0;
        foreach (var future in _futures)
            sum += await future;
        return sum;
    }

    // The peer with results: TransformBlocks give none back to whoever sent an item.
    [Benchmark(Description = "Two hand-written channels + TaskCompletionSource", OperationsPerInvoke = Items)]
    public async Task<long> TwoHandWrittenChannels()
    {
        for (var i = 0; i < _tasks.Length; i++)
        {
            await _firstHandWritten.SubmitAsync(i, out var first);
            _tasks[i] = SubmitToSecondAsync(first);
        }

        long sum = 0;
        foreach (var task in _tasks)
            sum += await task;
        return sum;
    }

    [Benchmark(Description = "Two linked TransformBlocks (no futures)", Baseline = true, OperationsPerInvoke = Items)]
    public Task<long> LinkedTransformBlocks() => Dataflow.SendAllWhileReceivingAsync(_firstBlock, _secondBlock, Items);

    [Benchmark(Description = "Task.Run, ContinueWith (no bound)", OperationsPerInvoke = Items)]
    public async Task<long> TaskRunContinueWith()
    {
        for (var i = 0; i < _tasks.Length; i++)
        {
            var x = i;
            _tasks[i] = Task.Run(() => x + 1).ContinueWith(first => first.Result * 2, TaskScheduler.Default);
        }

        long sum = 0;
        foreach (var task in _tasks)
            sum += await task;
        return sum;
    }

    private async Task<int> SubmitToSecondAsync(Task<int> first)
    {
        await _secondHandWritten.SubmitAsync(await first, out var second);
        return await second;
    }
}
