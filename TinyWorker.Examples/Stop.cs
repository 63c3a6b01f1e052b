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
        List<TinyFuture<int>> futures = [];
        for (var x = 0; x < 3; x++) futures.Add(await sleepers.SubmitAsync(x));

        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await sleepers.StopAsync(patience.Token);   // drains for 200 ms, then aborts

        Console.WriteLine(string.Join(", ", futures.Select(future => future.Status)));
        try
        {
            await sleepers.CallAsync(3);
        }
        catch (ObjectDisposedException)
        {
            Console.WriteLine("It takes no more work.");
        }
        // </sample>
    }
}
