using Polly;
using Polly.Retry;

namespace TinyWorker.Examples;

internal static class Retries
{
    public static async Task RunAsync()
    {
        // <sample>
        var calls = 0;
        var retries = new ResiliencePipelineBuilder()
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(),
                MaxRetryAttempts = 3,
                Delay = TimeSpan.FromMilliseconds(20),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .Build();
        await using var downloads = new TinyTroupe<string, string>(
            async (url, token) => await retries.ExecuteAsync(async each => await DownloadAsync(url, each), token),
            new() { Workers = 8 });

        Console.WriteLine(await downloads.CallAsync("https://example.org/"));

        async Task<string> DownloadAsync(string url, CancellationToken token)
        {
            await Task.Delay(1, token);   // stands for a download that fails twice
            return ++calls > 2 ? $"{url}, after {calls} calls" : throw new HttpRequestException("503");
        }
        // </sample>
    }
}
