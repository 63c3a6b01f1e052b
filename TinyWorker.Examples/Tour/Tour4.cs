namespace TinyWorker.Examples;

internal static class Tour4
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var sieves = new TinyTroupe<int, int>(worker => new Sieve(1_000_000), new() { Workers = 2 });
        await using var writers = new TinyTroupe<int, string>(
            async (count, token) =>
            {
                var path = Path.GetTempFileName();
                await File.WriteAllTextAsync(path, $"{count} primes", token);
                return path;
            },
            new() { Workers = 8 });

        var count = sieves.Submit(1_000_000);   // a future
        var path = writers.Submit(count);       // takes the future: nothing has waited

        Console.WriteLine(File.ReadAllText(await path));
        File.Delete(await path);
        // </sample>
    }
}
