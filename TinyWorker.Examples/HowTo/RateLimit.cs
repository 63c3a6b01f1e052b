using System.Threading.RateLimiting;

namespace TinyWorker.Examples;

internal static class RateLimit
{
    public static async Task RunAsync()
    {
        // <sample>
        using var limiter = new TokenBucketRateLimiter(new()
        {
            TokenLimit = 10,                                        // ten calls at once,
            TokensPerPeriod = 10,                                   // and ten more
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),   // every 100 ms
            QueueLimit = int.MaxValue,                              // the troupe's Capacity is the bound
        });
        await using var callers = new TinyTroupe<int, int>(
            async (x, token) =>
            {
                using var lease = await limiter.AcquireAsync(1, token);
                return await AskAsync(x, token);
            },
            new() { Workers = 8 });

        Console.WriteLine(await callers.MapAsync(Enumerable.Range(0, 30)).CountAsync());
        Console.WriteLine($"{limiter.GetStatistics()!.TotalSuccessfulLeases} calls were let through");

        static async Task<int> AskAsync(int x, CancellationToken token)
        {
            await Task.Delay(1, token);   // stands for a service that counts your calls
            return x;
        }
        // </sample>
    }
}
