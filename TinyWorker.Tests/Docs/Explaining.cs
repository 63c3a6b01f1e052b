namespace TinyWorker.Tests.Docs;

/// <summary>The last sample of docs/observing.md.</summary>
internal static class Explaining
{
    public static async Task<string> RunAsync()
    {
        // <sample>
        await using var hashes = new TinyTroupe<int, int>(
            async x =>
            {
                await Task.Delay(20);   // stands for work
                return x;
            },
            new() { Name = "hashes", Workers = 4, Capacity = 100 });
        var feeding = Task.Run(async () =>
        {
            for (var i = 0; ; i++) await hashes.SubmitAsync(i);
        });

        await Task.Delay(500);
        var before = hashes.Explain();
        await Task.Delay(1000);
        Console.WriteLine(hashes.Explain(since: before));
        // </sample>
        var told = hashes.Explain(before).ToString();
        hashes.Abort();
        await ((Task)feeding).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return told;
    }
}
