using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does a task in a worker process cost when it is alone: submit one, wait for its result, submit the next?</summary>
public class ProcessRoundTripBenchmarks
{
    private const int Items = 5_000;

    private TinyTroupe<int, int> _troupe = null!;
    private BareChild _child = null!;
    private BareChild _blockingChild = null!;
    private PipedCat _cat = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _troupe = new(x => x, new ProcessTroupeOptions { Workers = 1 });
        await _troupe.WhenReadyAsync();
        _child = await BareChild.StartAsync();
        _blockingChild = await BareChild.StartAsync();
        _cat = new PipedCat();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _troupe.DisposeAsync();
        _child.Dispose();
        _blockingChild.Dispose();
        _cat.Dispose();
    }

    [Benchmark(Description = "TinyWorker, processes, one at a time", OperationsPerInvoke = Items)]
    public async Task<long> TinyWorkerOneAtATime()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += await _troupe.Submit(i);
        return sum;
    }

    [Benchmark(Description = "TinyWorker, processes, Result()", OperationsPerInvoke = Items)]
    public long TinyWorkerBlocking()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
            sum += _troupe.Submit(i).Result();
        return sum;
    }

    [Benchmark(Description = "A bare byte there and back", Baseline = true, OperationsPerInvoke = Items)]
    public async Task<long> BareByte()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
        {
            await _child.RoundTripAsync();
            sum += i;
        }

        return sum;
    }

    [Benchmark(Description = "A bare byte, both sides blocking", OperationsPerInvoke = Items)]
    public long BareByteBlocking()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
        {
            _blockingChild.RoundTrip();
            sum += i;
        }

        return sum;
    }

    [Benchmark(Description = "A byte to cat and back, blocking", OperationsPerInvoke = Items)]
    public long ByteToCat()
    {
        long sum = 0;
        for (var i = 0; i < Items; i++)
        {
            _cat.RoundTrip();
            sum += i;
        }

        return sum;
    }
}
