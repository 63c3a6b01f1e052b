using System.Diagnostics;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>Do idle troupes use processor time? Compares ten troupes with the same process without a troupe.</summary>
internal static class IdleMode
{
    private const int Troupes = 10;
    private const int Workers = 4;
    private static readonly TimeSpan Idleness = TimeSpan.FromSeconds(5);

    public static async Task RunAsync()
    {
        await PrintProcessorTimeAsync("no troupe");
        await RunAsync("threads", new ThreadTroupeOptions { Workers = Workers });
        await RunAsync("pool", new PoolTroupeOptions { Workers = Workers });
    }

    private static async Task RunAsync(string name, TinyTroupeOptions options)
    {
        var troupes = Enumerable.Range(0, Troupes).Select(_ => new TinyTroupe<int, int>(x => x + 1, options)).ToArray();
        foreach (var troupe in troupes)
        {
            await troupe.WhenReadyAsync();
            await troupe.Submit(0);
        }

        await PrintProcessorTimeAsync($"{Troupes} troupes of {Workers} workers, {name}");

        foreach (var troupe in troupes)
            await troupe.DisposeAsync();
    }

    private static async Task PrintProcessorTimeAsync(string what)
    {
        // Work of the start (tiered compilation, spinning threads of the pool) ends within the first second.
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);

        var before = ProcessorTime();
        var clock = Stopwatch.StartNew();
        await Task.Delay(Idleness, TimeProvider.System);
        var used = ProcessorTime() - before;
        Console.WriteLine(
            $"{what,-40} {used.TotalMilliseconds,8:F1} ms of processor time in {clock.Elapsed.TotalSeconds:F1} s " +
            $"({used / clock.Elapsed:P2} of one core)");
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
