namespace TinyWorker.Examples;

internal static class LongChain
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var steps = new TinyTroupe<int, int>(x => x + 1, new() { Workers = 1, Capacity = 1 });

        var last = await steps.SubmitAsync(0);
        for (var i = 1; i < 10_000; i++) last = await steps.SubmitAsync(last);
        Console.WriteLine(await last);
        // </sample>
    }
}
