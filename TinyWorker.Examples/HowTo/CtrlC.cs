namespace TinyWorker.Examples;

internal static class CtrlC
{
    public static async Task RunAsync()
    {
        // <sample>
        using var ctrlC = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            pressed.Cancel = !ctrlC.IsCancellationRequested;   // the first press ends the map, a second one the program
            ctrlC.Cancel();
        };

        await using var squares = new TinyTroupe<long, long>(x => x * x, new() { Workers = 4 });
        List<long> results = [];
        await foreach (var square in squares.MapAsync(Endless(), new() { StopReading = ctrlC.Token }))
        {
            results.Add(square);
            if (results.Count == 1_000) await ctrlC.CancelAsync();   // this sample presses the key itself
        }

        Console.WriteLine($"no less than 1,000 results: {results.Count >= 1_000}");
        Console.WriteLine($"no more than the window of 16 after the key: {results.Count <= 1_016}");
        Console.WriteLine($"none is missing: {results.Index().All(result => result.Item == (long)result.Index * result.Index)}");

        static IEnumerable<long> Endless()
        {
            for (var x = 0L; ; x++) yield return x;
        }
        // </sample>
    }
}
