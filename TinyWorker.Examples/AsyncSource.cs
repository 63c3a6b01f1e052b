using System.Threading.Channels;

namespace TinyWorker.Examples;

internal static class AsyncSource
{
    public static async Task RunAsync()
    {
        // <sample>
        var orders = Channel.CreateUnbounded<string>();
        foreach (var order in new[] { "tea", "coffee", "cake" }) orders.Writer.TryWrite(order);
        orders.Writer.Complete();

        await foreach (var served in orders.Reader.ReadAllAsync().ParallelMapAsync(ServeAsync, new() { Workers = 8 }))
            Console.WriteLine(served);

        static async Task<string> ServeAsync(string order, CancellationToken token)
        {
            await Task.Delay(20 * order.Length, token);   // stands for a call to a service
            return $"{order} is served";
        }
        // </sample>
    }
}
