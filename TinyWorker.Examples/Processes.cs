namespace TinyWorker.Examples;

internal static class Processes
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var squares = new TinyTroupe<double, double>(x => x * x, new ProcessTroupeOptions { Workers = 4 });
        await using var halves  = new TinyTroupe<double, double>(x => x / 2, new ProcessTroupeOptions { Workers = 4 });

        var futures = Enumerable.Range(0, 10).Select(i => halves.Submit(squares.Submit(i))).ToArray();
        Console.WriteLine(string.Join(", ", futures.Select(f => f.Result())));
        // </sample>
    }
}
