namespace TinyWorker.Examples;

internal static class Tour3
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sieves = new TinyTroupe<int, int>(worker => new Sieve(1_000_000), new() { Workers = 2 });

        int[] limits = [10, -1, 1_000];
        foreach (var future in limits.Select(limit => sieves.Submit(limit)).ToArray())
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
