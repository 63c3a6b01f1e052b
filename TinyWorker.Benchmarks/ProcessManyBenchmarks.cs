using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does a task in a worker process cost when there are many, for four workers?</summary>
public class ProcessManyBenchmarks
{
    private const int Items = 50_000;
    private const int Workers = 4;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private readonly MapOptions _options = new() { Window = 1024 };

    private TinyTroupe<int, int> _troupe = null!;
    private BareChild[] _children = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _troupe = new(x => x, new ProcessTroupeOptions { Workers = Workers });
        await _troupe.WhenReadyAsync();
        _children = new BareChild[Workers];
        for (var i = 0; i < Workers; i++)
            _children[i] = await BareChild.StartAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _troupe.DisposeAsync();
        foreach (var child in _children)
            child.Dispose();
    }

    [Benchmark(Description = "TinyWorker, processes, Submit", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerSubmit()
    {
        for (var i = 0; i < Items; i++)
            _futures[i] = await _troupe.SubmitAsync(i);
        long sum = 0;
        foreach (var future in _futures)
            sum += await future;
        return sum;
    }

    [Benchmark(Description = "TinyWorker, processes, Map", OperationsPerInvoke = Items)]
    public long TinyWorkerMap()
    {
        long sum = 0;
        foreach (var result in _troupe.Map(Enumerable.Range(0, Items), _options))
            sum += result;
        return sum;
    }

    [Benchmark(Description = "Bare children, a byte each, one at a time", Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> BareBytes()
    {
        var sums = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(async () =>
        {
            long sum = 0;
            for (var i = worker; i < Items; i += Workers)
            {
                await _children[worker].RoundTripAsync();
                sum += i;
            }

            return sum;
        })));
        return sums.Sum();
    }
}
