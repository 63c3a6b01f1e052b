using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>How near does an ordered map of items of 50 µs come to the limit, the sequential time divided by the number of cores?</summary>
public class MapLoadBenchmarks
{
    private const int Items = 2_000;
    private const int Workers = 2;

    private readonly MapOptions _options = new() { Window = 256 };

    private TinyTroupe<int, int> _threadTroupe = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _threadTroupe = new(Work, new ThreadTroupeOptions { Workers = Workers });
        await _threadTroupe.WhenReadyAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _threadTroupe.DisposeAsync();

    [Benchmark(Description = "TinyWorker, threads, Map", OperationsPerInvoke = Items)]
    public long TinyWorkerMap()
    {
        long sum = 0;
        foreach (var result in _threadTroupe.Map(Enumerable.Range(0, Items), _options))
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
