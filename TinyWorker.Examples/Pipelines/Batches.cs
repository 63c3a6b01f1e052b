using System.Collections.Concurrent;
using System.Diagnostics;

namespace TinyWorker.Examples;

internal static class Batches
{
    public static async Task RunAsync()
    {
        // <sample>
        var sizes = new ConcurrentQueue<int>();
        await using var models = new TinyTroupe<int[], int[]>(Model, new() { Name = "models", Workers = 1 });
        var batched = models.Batched(new() { MaxSize = 32 });   // an ITinyTroupe<int, int>

        foreach (var x in new[] { 1, 2, 3 }) await batched.CallAsync(x);      // one at a time: the worker is free for each
        Console.WriteLine($"idle:       batches of {Sizes()}");

        var clock = Stopwatch.StartNew();
        await foreach (var y in batched.MapAsync(Enumerable.Range(0, 1_000), new() { Window = 64 })) Debug.Assert(y >= 0);
        var together = clock.Elapsed;
        Console.WriteLine($"under load: batches of {Sizes()}");

        clock.Restart();
        await foreach (var y in models.MapAsync(Enumerable.Range(0, 1_000).Select(x => new[] { x }))) Debug.Assert(y.Length == 1);
        Console.WriteLine($"1,000 items: {clock.Elapsed / together:N0} times as fast in batches as one by one");

        int[] Model(int[] batch)
        {
            sizes.Enqueue(batch.Length);
            var call = Stopwatch.StartNew();
            while (call.Elapsed.TotalMicroseconds < 1_000 + (20 * batch.Length)) { }   // stands for a model: 1 ms, and 20 µs for each item
            return [.. batch.Select(x => 2 * x)];
        }
        // </sample>

        string Sizes()
        {
            int[] first = [.. sizes];
            sizes.Clear();
            return string.Join(", ", first.Take(8)) + (first.Length > 8 ? $" ... ({first.Length} batches)" : "");
        }
    }
}
