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
            new() { Workers = 1, TaskTimeout = TimeSpan.FromSeconds(1) });

        var first = await loops.SubmitAsync("first");
        var second = await loops.SubmitAsync("second");
        second.Cancel();   // this task waits, so it ends at once and never runs

        TinyFuture<string>[] futures = [first, second];
        foreach (var future in futures)
        {
            try
            {
                await future;
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                Console.WriteLine($"{future.Status}: {exception.GetType().Name}");
            }
        }
        // </sample>
    }
}
