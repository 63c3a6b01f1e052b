using System.Diagnostics;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>How much memory does a chained task take while it waits? Does a very long chain run, fault and cancel in seconds?</summary>
internal static class MemoryMode
{
    private const int Depth = 1_000_000;

    public static async Task RunAsync()
    {
        await RunAsync("threads", new ThreadTroupeOptions { Workers = 4, Capacity = 2 * Depth });
        await RunAsync("pool", new PoolTroupeOptions { Workers = 4, Capacity = 2 * Depth });
    }

    private static async Task RunAsync(string name, TinyTroupeOptions options)
    {
        await using var troupe = new TinyTroupe<int, int>(x => x + 1, options);
        await troupe.WhenReadyAsync();
        await troupe.Submit(0);

        Console.WriteLine($"{name}: a chain of {Depth:N0} tasks that wait for one pending future");
        Measure(troupe, "runs", source => source.TrySetResult(0));
        Measure(troupe, "faults", source => source.TrySetException(new InvalidDataException("the input is bad")));
        Measure(troupe, "cancels", source => source.TrySetCanceled());
        Console.WriteLine();
    }

    private static void Measure(TinyTroupe<int, int> troupe, string what, Action<TinyFutureSource<int>> end)
    {
        var source = new TinyFutureSource<int>();
        var last = source.Future;
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var submitting = Stopwatch.StartNew();
        for (var i = 0; i < Depth; i++)
            last = troupe.Submit(last);
        submitting.Stop();
        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / Depth;

        var ending = Stopwatch.StartNew();
        end(source);
        var outcome = OutcomeOf(last);
        ending.Stop();
        Console.WriteLine(
            $"  {what,-8} in {ending.Elapsed.TotalSeconds,6:F2} s ({ending.Elapsed.TotalNanoseconds / Depth,6:F0} ns each), " +
            $"waiting {bytes:F1} bytes each, submitted in {submitting.Elapsed.TotalSeconds:F2} s; the last one's outcome: {outcome}");
    }

    private static string OutcomeOf(TinyFuture<int> last)
    {
        try
        {
            return last.Result().ToString("N0", null);
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }
}
