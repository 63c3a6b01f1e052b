using System.Diagnostics;
using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;

namespace TinyWorker.Benchmarks;

/// <summary>What does an item cost while somebody listens to the metrics or to the spans, compared with nobody listening?</summary>
public class ListenedSubmitBenchmarks
{
    private const int Items = 20_000;

    private readonly TinyFuture<int>[] _futures = new TinyFuture<int>[Items];
    private TinyTroupe<int, int> _troupe = null!;

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        _troupe = new(x => x + 1, new ThreadTroupeOptions { Name = "listened to", Workers = 4, Capacity = 1024 });
        await _troupe.WhenReadyAsync();
    }

    [GlobalCleanup]
    public async Task CleanUpAsync() => await _troupe.DisposeAsync();

    [Benchmark(Description = "nobody listens", Baseline = true, OperationsPerInvoke = Items)]
    public long Nobody()
    {
        for (var i = 0; i < _futures.Length; i++)
            _futures[i] = _troupe.Submit(i);

        long sum = 0;
        foreach (var future in _futures)
            sum += future.Result();
        return sum;
    }

    [Benchmark(Description = "metrics", OperationsPerInvoke = Items)]
    public long Metrics()
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == "TinyWorker") listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();
        return Nobody();
    }

    [Benchmark(Description = "spans", OperationsPerInvoke = Items)]
    public long Spans()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "TinyWorker",
            Sample = static (ref _) => ActivitySamplingResult.AllData,
        };
        ActivitySource.AddActivityListener(listener);
        return Nobody();
    }
}
