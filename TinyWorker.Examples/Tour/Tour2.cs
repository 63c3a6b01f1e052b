namespace TinyWorker.Examples;

internal static class Tour2
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sieves = new TinyTroupe<int, int>(worker => new Sieve(1_000_000), new() { Name = "sieves", Workers = 2 });

        int[] limits = [10, 1_000, 1_000_000];
        foreach (var limit in limits)
            Console.WriteLine(await sieves.CallAsync(limit));
        Console.WriteLine(sieves);
        // </sample>
    }
}
