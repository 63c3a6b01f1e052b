using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>How near does an ordered map of items of 50 µs come to the limit, the sequential time divided by the number of cores?</summary>
public class MapLoadBenchmarks
{
    private const int Items = 2_000;
    private const int Workers = 2;

    private readonly MapOptions _options = new() { Window = 256 };

    private TinyTroupe<int, int> _threadTroupe = null!;
    private TinyTroupe<int, int> _poolTroupe = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _threadTroupe = new(Work, new ThreadTroupeOptions { Workers = Workers });
        _poolTroupe = new(Work, new PoolTroupeOptions { Workers = Workers });
        await _threadTroupe.WhenReadyAsync();
        await _poolTroupe.WhenReadyAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _threadTroupe.DisposeAsync();
        await _poolTroupe.DisposeAsync();
    }

    [Benchmark(Description = "TinyWorker, threads, Map", OperationsPerInvoke = Items)]
    public long TinyWorkerMap()
    {
        long sum = 0;
        foreach (var result in _threadTroupe.Map(Enumerable.Range(0, Items), _options))
            sum += result;
        return sum;
    }

    [Benchmark(Description = "TinyWorker, pool, MapAsync", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerMapAsync()
    {
        long sum = 0;
        await foreach (var result in _poolTroupe.MapAsync(Enumerable.Range(0, Items), _options))
            sum += result;
        return sum;
    }

    [Benchmark(Description = "PLINQ, AsOrdered", Baseline = true, OperationsPerInvoke = Items)]
    public long Plinq()
    {
        long sum = 0;
        foreach (var result in Enumerable.Range(0, Items).AsParallel().AsOrdered().WithDegreeOfParallelism(Workers).Select(Work))
            sum += result;
        return sum;
    }

    // What the machine gives at best: the results lie in an array, nobody waits for one, and nothing is submitted.
    [Benchmark(Description = "Two threads that count to the end", OperationsPerInvoke = Items)]
    public long BareThreads()
    {
        var results = new int[Items];
        var taken = 0;
        void Take()
        {
            for (int i; (i = Interlocked.Increment(ref taken) - 1) < Items;)
                results[i] = Work(i);
        }

        Thread[] threads = [.. Enumerable.Range(0, Workers).Select(_ => new Thread(Take))];
        foreach (var thread in threads)
            thread.Start();
        foreach (var thread in threads)
            thread.Join();
        return results.Sum(x => (long)x);
    }

    [Benchmark(Description = "A loop (its half is the limit)", OperationsPerInvoke = Items)]
    public long Sequential()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += Work(i);
        return sum;
    }

    private static int Work(int x)
    {
        // About 50 µs on a machine of 3 GHz. The amount of work is the same on every machine.
        var hash = (uint)x;
        for (var i = 0; i < 50_000; i++)
            hash = (hash * 2654435761) ^ (hash >> 15);
        return (int)(hash & 0xFF);
    }
}
