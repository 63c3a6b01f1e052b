namespace TinyWorker.Benchmarks.Peers;

/// <summary>The use of a queue with asynchronous methods: one producer, some consumers, and only a sum at the end.</summary>
internal static class AsyncQueue
{
    private const int End = -1;

    public static async Task<long> PassAsync(
        Func<int, Task> addAsync, Func<Task<int>> takeAsync, int count, int consumers, Func<int, int> function)
    {
        var sums = Enumerable.Range(0, consumers).Select(_ => Task.Run(async () =>
        {
            long sum = 0;
            for (var x = await takeAsync(); x != End; x = await takeAsync()) sum += function(x);
            return sum;
        })).ToArray();
        for (var i = 0; i < count; i++) await addAsync(i);
        for (var i = 0; i < consumers; i++) await addAsync(End);
        return (await Task.WhenAll(sums)).Sum();
    }
}
