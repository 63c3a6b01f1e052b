namespace TinyWorker.Examples;

internal static class Maintenance
{
    public static async Task RunAsync()
    {
        // <sample>
        var database = "the old database";
        await using var clients = new TinyTroupe<string, string>(
            async (query, token) =>
            {
                await Task.Delay(20, token);   // stands for a query
                return $"{query}, from {database}";
            },
            new() { Workers = 4 });

        var before = await clients.SubmitAsync("first");
        while (before.Status == TinyFutureStatus.Pending) await Task.Yield();

        clients.Pause();                                                   // what runs goes on, and nothing else starts
        var during = await clients.SubmitAsync("second");                  // accepted, up to the Capacity
        while (clients.Snapshot().Running > 0) await Task.Delay(10);
        Console.WriteLine(await before);
        database = "the new database";                                     // nobody uses it now
        clients.Resume();

        Console.WriteLine(await during);
        // </sample>
    }
}
