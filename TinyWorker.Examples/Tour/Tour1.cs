namespace TinyWorker.Examples;

internal static class Tour1
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var counters = new TinyTroupe<int, int>(CountPrimes, new() { Workers = 2 });

        var few = await counters.SubmitAsync(10);
        var many = await counters.SubmitAsync(1_000_000);
        Console.WriteLine($"{await few} primes below 10");
        Console.WriteLine($"{await many} primes below 1,000,000");

        static int CountPrimes(int limit)
        {
            var isComposite = new bool[limit];
            var count = 0;
            for (var n = 2; n < limit; n++)
            {
                if (isComposite[n]) continue;
                count++;
                for (var multiple = 2L * n; multiple < limit; multiple += n) isComposite[multiple] = true;
            }

            return count;
        }
        // </sample>
    }
}
