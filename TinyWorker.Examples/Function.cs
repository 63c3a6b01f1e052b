namespace TinyWorker.Examples;

internal static class Function
{
    // <sample>
    public static async Task RunAsync()
    {
        await using var counters = new TinyTroupe<int, int>(CountPrimes, new() { Workers = 4 });

        int[] limits = [10, 1_000, 100_000];
        List<TinyFuture<int>> futures = [];
        foreach (var limit in limits) futures.Add(await counters.SubmitAsync(limit));
        foreach (var future in futures) Console.WriteLine(await future);
    }

    private static int CountPrimes(int limit) =>
        Enumerable.Range(2, limit - 2).Count(n => Enumerable.Range(2, (int)Math.Sqrt(n) - 1).All(d => n % d != 0));
    // </sample>
}
