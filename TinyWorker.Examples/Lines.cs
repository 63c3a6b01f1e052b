using System.Diagnostics;
using System.Globalization;

namespace TinyWorker.Examples;

internal static class Lines
{
    private const int Count = 10_000_000;

    public static async Task RunAsync()
    {
        var clock = Stopwatch.StartNew();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long peak = 0;
        long lines = 0;
        long characters = 0;

        // <sample>
        await using var counters = new TinyTroupe<string, int>(line => line.Length, new() { Workers = 4 });

        foreach (var length in counters.Map(GenerateLines(), new() { Window = 256 }))
        {
            characters += length;
            if (++lines % 1_000_000 == 0)
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
        }
        // </sample>

        var processPeak = Process.GetCurrentProcess().PeakWorkingSet64;
        Console.WriteLine($"{lines:N0} lines with {characters:N0} characters in {clock.Elapsed.TotalSeconds:F1} s; "
            + $"the heap grew by at most {peak / 1e6:F1} MB, the process used at most {processPeak / 1e6:N0} MB");
    }

    private static IEnumerable<string> GenerateLines()
    {
        for (var i = 0; i < Count; i++)
            yield return i.ToString(CultureInfo.InvariantCulture);
    }
}
