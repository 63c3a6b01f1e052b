namespace TinyWorker.Examples;

internal static class Each
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Workers = 1 });

        string[] texts = ["1", "two", "3"];
        List<TinyFuture<int>> futures = [];
        foreach (var text in texts) futures.Add(await parsers.SubmitAsync(text));
        await foreach (var future in TinyFuture.WhenEach(futures))   // as they end, whether well or not
            Console.WriteLine(future);
        // </sample>
    }
}
