namespace TinyWorker.Tests.Docs;

/// <summary>The sample about watching a troupe in docs/observing.md.</summary>
internal static class Watching
{
    public static async Task<TroupeObservation> RunAsync()
    {
        // <sample>
        await using var readers = new TinyTroupe<int, string>(x => $"{x}", new() { Name = "readers", Workers = 2 });
        await using var parsers = new TinyTroupe<string, int>(
            text => text.EndsWith('7') ? throw new FormatException($"{text} is not allowed.") : int.Parse(text),
            new() { Name = "parsers", Workers = 2 });

        using var watch = parsers.Watch();
        for (var i = 0; i < 1000; i++) _ = parsers.Submit(readers.Submit(i));
        await parsers.WhenIdleAsync();

        var seen = watch.Read();   // every second, for instance: each Read returns what came since the one before
        Console.WriteLine($"{seen.Runs.Count} tasks measured; from {string.Join(", ", seen.Inputs)}");
        Console.WriteLine($"wait: median {seen.Waits.Percentile(0.5)}, 99 % {seen.Waits.Percentile(0.99)}, longest {seen.Waits.Longest}");
        foreach (var fault in seen.Faults) Console.WriteLine($"worker {fault.Worker}: {fault.Type}: {fault.Message}");
        // </sample>
        return seen;
    }
}
