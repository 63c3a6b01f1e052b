using System.Diagnostics;

namespace TinyWorker.Examples.Onnx;

/// <summary>Serves an ONNX model in batches, and prints what that brings.</summary>
internal static class Program
{
    private const int Inputs = 2_000;
    private const int Width = 512;

    internal static async Task Main()
    {
        var path = Path.GetTempFileName();
        await File.WriteAllBytesAsync(path, OnnxFile.OfADenseNetwork([Width, 2_048, 2_048, 16], seed: 1));
        var random = new Random(1);
        float[][] inputs =
            [.. Enumerable.Range(0, Inputs).Select(_ => Enumerable.Range(0, Width).Select(_ => random.NextSingle()).ToArray())];
        try
        {
            await ServeAsync(path, inputs);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task ServeAsync(string path, float[][] inputs)
    {
        // <sample>
        await using var models = new TinyTroupe<float[][], float[][]>(worker => new Model(path), new() { Name = "models", Workers = 1 });
        var batched = models.Batched(new() { MaxSize = 32 });   // from float[] to float[]

        List<float[]> answers = [];
        foreach (var input in inputs.Take(20)) answers.Add(await batched.CallAsync(input));
        Console.WriteLine($"One at a time: {answers.Count} inputs in {models.Snapshot().Succeeded} batches.");

        var clock = Stopwatch.StartNew();
        var before = models.Snapshot().Succeeded;
        answers = await batched.MapAsync(inputs, new() { Window = 128 }).ToListAsync();
        var together = clock.Elapsed;
        Console.WriteLine($"Up to 128 at a time: {answers.Count} inputs in {models.Snapshot().Succeeded - before} batches.");
        // </sample>

        clock.Restart();
        var alone = await models.MapAsync(inputs.Select(input => new[] { input }), new() { Window = 128 }).ToListAsync();
        Console.WriteLine(
            $"Inputs a second: {Inputs / clock.Elapsed.TotalSeconds:N0} one by one, {Inputs / together.TotalSeconds:N0} in batches "
            + $"({clock.Elapsed / together:N1} times as many).");
        var difference = answers.Zip(alone, (batch, single) => batch.Zip(single[0], (x, y) => Math.Abs(x - y)).Max()).Max();
        Console.WriteLine($"The answers are the same: {difference < 1e-5}");
    }
}
