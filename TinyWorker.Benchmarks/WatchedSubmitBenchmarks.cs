using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost while somebody watches the troupe, compared with nobody watching?</summary>
public class WatchedSubmitBenchmarks
{
    private const int Items = 20_000;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private TinyTroupe<int, int> _first = null!;
    private TinyTroupe<int, int> _troupe = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _first = new(x => x, new ThreadTroupeOptions { Name = "first", Workers = 2, Capacity = 1024 });
        _troupe = new(x => x + 1, new ThreadTroupeOptions { Name = "watched", Workers = 4, Capacity = 1024 });
        await _first.WhenReadyAsync();
        await _troupe.WhenReadyAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _troupe.DisposeAsync();
        await _first.DisposeAsync();
    }

    [Benchmark(Description = "nobody watches", Baseline = true, OperationsPerInvoke = Items)]
    [BenchmarkCategory("plain inputs")]
    public long Nobody()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _troupe.Submit(i);
        return Sum();
    }

    [Benchmark(Description = "watched", OperationsPerInvoke = Items)]
    [BenchmarkCategory("plain inputs")]
    public long Watched()
    {
        using var watch = _troupe.Watch();
        var sum = Nobody();
        _ = watch.Read();
        return sum;
    }

    [Benchmark(Description = "nobody watches", Baseline = true, OperationsPerInvoke = Items)]
    [BenchmarkCategory("futures of another troupe")]
    public long NobodyChained()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _troupe.Submit(_first.Submit(i));
        return Sum();
    }

    [Benchmark(Description = "watched", OperationsPerInvoke = Items)]
    [BenchmarkCategory("futures of another troupe")]
    public long WatchedChained()
    {
        using var watch = _troupe.Watch();
        var sum = NobodyChained();
        _ = watch.Read();
        return sum;
    }

    private long Sum()
    {
        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }
}
