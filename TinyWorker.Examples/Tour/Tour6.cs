namespace TinyWorker.Examples;

internal static class Tour6
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var loops = new TinyTroupe<string, string>(
            (name, token) =>
            {
                while (true) token.ThrowIfCancellationRequested();
            },
            new() { Name = "loops", Workers = 1, TaskTimeout = TimeSpan.FromSeconds(1) });

        var first = loops.Submit("first");
        var second = loops.Submit("second");

        second.Cancel();   // it waits, so it ends at once
        Console.WriteLine(second.Status);
        try
        {
            await first;
        }
        catch (TimeoutException exception)
        {
            Console.WriteLine(exception.Message);
        }
        // </sample>
    }
}
