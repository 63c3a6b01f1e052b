namespace TinyWorker.Examples;

internal static class Tour5
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sieves = new TinyTroupe<int, int>(worker => new Sieve(1_000_000), new() { Workers = 2 });

        foreach (var count in sieves.Map([10, 100, 1_000, 10_000]))
            Console.WriteLine(count);

        // Lazy: it stops at the answer, a long way before a million.
        var answer = sieves.Map(Enumerable.Range(0, 1_000_000)).TakeWhile(count => count < 1_000).Count() - 1;
        Console.WriteLine($"{answer} is the 1,000th prime");
        // </sample>
    }
}
