namespace TinyWorker.Examples;

internal static class Inside
{
    public static async Task RunAsync()
    {
        // <sample>
        TinyTroupe<string, int>? counters = null;
        counters = new(
            folder => folder == "inner" ? 1 : counters!.Submit("inner").Result(),   // submits, which is allowed, and waits, which is not
            new() { Name = "counters", Workers = 1 });

        try
        {
            await counters.CallAsync("outer");
        }
        catch (InvalidOperationException exception)
        {
            Console.WriteLine(exception.Message);
        }

        await counters.DisposeAsync();
        // </sample>
    }
}
