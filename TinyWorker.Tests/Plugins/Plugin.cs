using System.Diagnostics.Metrics;

namespace TinyWorker.Tests.Plugins;

/// <summary>What a plug-in does with its own copy of the library: a bit of everything that might leave something behind. It names no type
/// of the test framework.</summary>
internal static class Plugin
{
    public static async Task RunAsync(string backend)
    {
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == "TinyWorker") listener.EnableMeasurementEvents(instrument);
        };
        listener.Start();
        await using var troupe = new TinyTroupe<int, int>(
            (x, token) => x >= 0 ? x + 1 : throw new FormatException(), Options(backend) with { TaskTimeout = TimeSpan.FromMinutes(1) });
        await troupe.WhenReadyAsync();
        var sum = 0;
        var options = new MapOptions { Progress = new Progress<MapProgress>() };
        await foreach (var x in troupe.MapAsync(Enumerable.Range(0, 100), options)) sum += x;
        if (sum != 5050) throw new InvalidOperationException($"{sum}");
        if (await troupe.Submit(troupe.Submit(1)).Then(x => x + 1) != 4) throw new InvalidOperationException("a chain");
        if (await troupe.CallAsync(1) != 2) throw new InvalidOperationException("a call");
        if (troupe.Submit(1).Result() != 2) throw new InvalidOperationException("a wait");
        if (backend != "inline" && await Record(troupe.Submit(-1)) is not FormatException) throw new InvalidOperationException("no fault");
        listener.RecordObservableInstruments();
    }

    private static async Task<Exception?> Record(TinyFuture<int> future)
    {
        try
        {
            await future;
            return null;
        }
        catch (FormatException e)
        {
            return e;
        }
    }

    private static TinyTroupeOptions Options(string backend) => backend switch
    {
        "threads" => new ThreadTroupeOptions { Workers = 2 },
        "pool" => new PoolTroupeOptions { Workers = 2 },
        "inline" => new InlineTroupeOptions { Workers = 2 },
        "processes" => new ProcessTroupeOptions { Workers = 2 },
        _ => throw new ArgumentException($"There is no back-end '{backend}'."),
    };
}
