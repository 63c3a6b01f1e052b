namespace TinyWorker.Examples;

internal static class Stop
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sleepers = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, token);
                return x;
            },
            new() { Name = "sleepers", Workers = 1 });
        var futures = Enumerable.Range(0, 3).Select(x => sleepers.Submit(x)).ToArray();

        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await sleepers.StopAsync(patience.Token);   // drains for 200 ms, then aborts

        Console.WriteLine(string.Join(", ", futures.Select(future => future.Status)));
        try
        {
            await sleepers.Submit(3);
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("It takes no more work.");
        }
        // </sample>
    }
}
