namespace TinyWorker.Examples;

internal static class Isolate
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var roots = new TinyTroupe<double[], double[]>(
            batch => batch.Any(x => x < 0) ? throw new ArithmeticException("a negative number") : [.. batch.Select(Math.Sqrt)],
            new() { Workers = 1 });
        var batched = roots.Batched(new() { IsolateFaults = true });

        await foreach (var outcome in batched.MapOutcomesAsync([1.0, 4.0, -9.0, 16.0, 25.0], new() { Window = 5 }))
            Console.WriteLine($"{outcome.Input}: {(outcome.IsSuccess ? outcome.Value : outcome.Exception!.Message)}");
        // </sample>
    }
}
