using BenchmarkDotNet.Attributes;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks;

/// <summary>What does it cost to send 16 MiB to a worker process?</summary>
public class ProcessArrayBenchmarks
{
    private const int Arrays = 10;

    private readonly byte[] _array = new byte[16 * 1024 * 1024];

    private TinyTroupe<byte[], int> _troupe = null!;
    private BareChild _child = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _troupe = new(bytes => bytes.Length, new ProcessTroupeOptions { Workers = 1 });
        await _troupe.WhenReadyAsync();
        _child = await BareChild.StartAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync()
    {
        await _troupe.DisposeAsync();
        _child.Dispose();
    }

    [Benchmark(Description = "TinyWorker, processes, byte[] of 16 MiB", OperationsPerInvoke = Arrays)]
    public async Task<long> TinyWorkerArrays()
    {
        long sum = 0;
        for (var i = 0; i < Arrays; i++)
            sum += await _troupe.Submit(_array);
        return sum;
    }

    [Benchmark(Description = "A bare copy over the same transport", Baseline = true, OperationsPerInvoke = Arrays)]
    public async Task<long> BareCopy()
    {
        long sum = 0;
        for (var i = 0; i < Arrays; i++)
        {
            await _child.RoundTripAsync(_array);
            sum += _array.Length;
        }

        return sum;
    }
}
