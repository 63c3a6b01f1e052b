using System.Diagnostics;
using System.Threading.Tasks.Dataflow;
using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>
/// What are batches for? Each worker is like a model: a call costs 1 ms, and 20 µs for each of its items. Many items at a time, and one
/// item at a time while nothing else is to do.
/// </summary>
public class BatchBenchmarks
{
    private const int Items = 1000;
    private const int Alone = 20;
    private const int Workers = 2;
    private const int MaxSize = 32;
    private const string Many = "many items";
    private const string One = "one item at a time";

    private static readonly TimeSpan Call = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Item = TimeSpan.FromMicroseconds(20);
    private static readonly TimeSpan Timer = TimeSpan.FromMilliseconds(10);   // how long an item waits for the others of its block

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];

    private TinyTroupe<int, int> _single = null!;
    private TinyTroupe<int[], int[]> _models = null!;
    private ITinyTroupe<int, int> _batched = null!;
    private BatchBlock<int> _batchBlock = null!;
    private TransformBlock<int[], int[]> _transformBlock = null!;
    private Timer _trigger = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        var threads = new ThreadTroupeOptions { Workers = Workers };
        _single = new(x => Model([x])[0], threads);
        _models = new(Model, threads);
        _batched = _models.Batched(new() { MaxSize = MaxSize });
        await _single.WhenReadyAsync();
        await _batched.WhenReadyAsync();

        _batchBlock = new(MaxSize);
        _transformBlock = new(Model, new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers });
        _batchBlock.LinkTo(_transformBlock, new DataflowLinkOptions { PropagateCompletion = true });
        _trigger = new(_ => _batchBlock.TriggerBatch(), null, Timer, Timer);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _single.DisposeAsync();
        await _models.DisposeAsync();
        await _trigger.DisposeAsync();
        _batchBlock.Complete();
        await _transformBlock.Completion;
    }

    [BenchmarkCategory(Many)]
    [Benchmark(Description = "TinyWorker, items one by one", OperationsPerInvoke = Items)]
    public long OneByOne() => SumOf(_single);

    [BenchmarkCategory(Many)]
    [Benchmark(Description = "TinyWorker, Batched", OperationsPerInvoke = Items)]
    public long Batched() => SumOf(_batched);

    [BenchmarkCategory(Many)]
    [Benchmark(Description = "TransformBlock behind a BatchBlock", Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> Blocks()
    {
        for (var i = 0; i < Items; i++)
            _batchBlock.Post(i);

        long sum = 0;
        for (var received = 0; received < Items;)
        {
            var results = await _transformBlock.ReceiveAsync();
            received += results.Length;
            foreach (var result in results)
                sum += result;
        }

        return sum;
    }

    [BenchmarkCategory(One)]
    [Benchmark(Description = "TinyWorker, without batches", OperationsPerInvoke = Alone)]
    public long AloneWithoutBatches() => SumOneByOne(_single);

    [BenchmarkCategory(One)]
    [Benchmark(Description = "TinyWorker, Batched", OperationsPerInvoke = Alone)]
    public long AloneBatched() => SumOneByOne(_batched);

    [BenchmarkCategory(One)]
    [Benchmark(Description = "TransformBlock behind a BatchBlock, 10 ms", Baseline = true, OperationsPerInvoke = Alone)]
    public async Task<long> AloneBlocks()
    {
        long sum = 0;
        for (var i = 0; i < Alone; i++)
        {
            _batchBlock.Post(i);
            sum += (await _transformBlock.ReceiveAsync())[0];
        }

        return sum;
    }

    private static int[] Model(int[] items)
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Call + (items.Length * Item))
        {
        }

        return Array.ConvertAll(items, x => x + 1);
    }

    private static long SumOneByOne(ITinyTroupe<int, int> troupe)
    {
        long sum = 0;
        for (var i = 0; i < Alone; i++)
            sum += troupe.Submit(i).Result();
        return sum;
    }

    private long SumOf(ITinyTroupe<int, int> troupe)
    {
        for (var i = 0; i < Items; i++)
            _futures[i] = troupe.Submit(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }
}
