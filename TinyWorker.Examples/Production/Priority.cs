namespace TinyWorker.Examples;

internal static class Priority
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var printers = new TinyTroupe<string, bool>(
            text =>
            {
                Console.WriteLine(text);
                return true;
            },
            new() { Workers = 1 });

        printers.Pause();   // so that all of them wait
        List<TinyFuture<bool>> futures =
        [
            await printers.SubmitAsync("the report of last year", new() { Priority = -1 }),
            await printers.SubmitAsync("a page"),
            await printers.SubmitAsync("another page"),
            await printers.SubmitAsync("the fire alarm", new() { Priority = 10 }),
        ];
        printers.Resume();
        await TinyFuture.WhenAll(futures);
        // </sample>
    }
}
