using System.Collections.Concurrent;
using BenchmarkDotNet.Attributes;
using Nito.AsyncEx;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost in a bounded queue with one producer and four consumers?</summary>
public class QueueBenchmarks
{
    private const int Items = 20_000;
    private const int Workers = 4;
    private const int Capacity = 1024;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private readonly AsyncCollection<int> _collection = new(Capacity);
    private readonly AsyncProducerConsumerQueue<int> _producerConsumerQueue = new(Capacity);

    private TinyTroupe<int, int> _poolTroupe = null!;
    private RawChannel _rawChannel = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _poolTroupe = new(x => x + 1, new PoolTroupeOptions { Workers = Workers, Capacity = Capacity });
        await _poolTroupe.WhenReadyAsync();
        _rawChannel = new(x => x + 1, Workers, Capacity);
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _poolTroupe.DisposeAsync();
        await _rawChannel.DisposeAsync();
    }

    [Benchmark(Description = "TinyWorker, pool (with futures)", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerPool()
    {
        for (var i = 0; i < Items; i++)
            _futures[i] = await _poolTroupe.SubmitAsync(i);
        long sum = 0;
        foreach (var future in _futures)
            sum += await future;
        return sum;
    }

    [Benchmark(Description = "Raw Channel.CreateBounded<int>", Baseline = true, OperationsPerInvoke = Items)]
    public Task<long> RawChannel() => _rawChannel.WriteAllAsync(Items);

    [Benchmark(Description = "AsyncCollection (Nito.AsyncEx)", OperationsPerInvoke = Items)]
    public Task<long> AsyncCollection() =>
        AsyncQueue.PassAsync(x => _collection.AddAsync(x), () => _collection.TakeAsync(), Items, Workers, x => x + 1);

    [Benchmark(Description = "AsyncProducerConsumerQueue (Nito.AsyncEx)", OperationsPerInvoke = Items)]
    public Task<long> ProducerConsumerQueue() =>
        AsyncQueue.PassAsync(
            x => _producerConsumerQueue.EnqueueAsync(x), () => _producerConsumerQueue.DequeueAsync(), Items, Workers, x => x + 1);

    [Benchmark(Description = "BlockingCollection, four threads", OperationsPerInvoke = Items)]
    public async Task<long> BlockingCollection()
    {
        using var collection = new BlockingCollection<int>(Capacity);
        var sums = Enumerable.Range(0, Workers).Select(_ => Task.Factory.StartNew(
            () => collection.GetConsumingEnumerable().Sum(x => (long)x + 1),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        for (var i = 0; i < Items; i++) collection.Add(i);
        collection.CompleteAdding();
        return (await Task.WhenAll(sums)).Sum();
    }
}
