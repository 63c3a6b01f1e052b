namespace TinyWorker.Examples;

internal static class LongChain
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var steps = new TinyTroupe<int, int>(x => x + 1, new() { Workers = 1, Capacity = 1 });

        var last = steps.Submit(0);
        for (var i = 1; i < 10_000; i++) last = steps.Submit(last);
        Console.WriteLine(await last);
        // </sample>
    }
}
