namespace TinyWorker.Examples;

internal static class Tour3
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sieves = new TinyTroupe<int, int>(worker => new Sieve(1_000_000), new() { Workers = 2 });

        int[] limits = [10, -1, 1_000];
        List<TinyFuture<int>> futures = [];
        foreach (var limit in limits) futures.Add(await sieves.SubmitAsync(limit));
        foreach (var future in futures)
        {
            try
            {
                Console.WriteLine(await future);
            }
            catch (IndexOutOfRangeException exception)
            {
                Console.WriteLine($"{future.Status}: {exception.Message}");
            }
        }
        // </sample>
    }
}
