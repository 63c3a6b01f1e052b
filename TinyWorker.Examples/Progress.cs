namespace TinyWorker.Examples;

internal static class Progress
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var checkers = new TinyTroupe<int, bool>(IsPrime, new() { Workers = 4 });

        var numbers = Enumerable.Range(3_000_000, 300_000);
        var primes = checkers.Map(numbers, new() { Window = 1024, Progress = new ProgressBar("primes") }).Count(isPrime => isPrime);
        Console.WriteLine($"{primes:N0} primes");
        // </sample>
    }

    private static bool IsPrime(int number)
    {
        for (var divisor = 2; divisor * divisor <= number; divisor++)
            if (number % divisor == 0) return false;
        return true;
    }
}
