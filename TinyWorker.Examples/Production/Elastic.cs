namespace TinyWorker.Examples;

internal static class Elastic
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var workers = new TinyTroupe<int, int>(SlowlyAsync, new PoolTroupeOptions
        {
            MinWorkers = 0,                                   // nothing lives while nothing is to do
            Workers = 4,                                      // the most
            IdleTimeout = TimeSpan.FromMilliseconds(500),     // by default 60 seconds
        });
        Console.WriteLine($"{Living()} workers before the first task");

        var futures = Enumerable.Range(0, 100).Select(x => workers.Submit(x)).ToArray();
        await TinyFuture.WhenAll(futures);
        Console.WriteLine($"{Living()} workers after 100 tasks");

        workers.Resize(2);                                    // two at the most, from now on
        while (Living() > 2) await Task.Delay(10);
        Console.WriteLine("2 workers after Resize(2)");

        while (Living() > 0) await Task.Delay(10);
        Console.WriteLine("0 workers after a while");

        int Living() => workers.Snapshot().Workers.Count;     // those that live or are being made

        static async Task<int> SlowlyAsync(int x, CancellationToken token)
        {
            await Task.Delay(10, token);                      // stands for work
            return x;
        }
        // </sample>
    }
}
