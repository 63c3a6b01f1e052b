namespace TinyWorker.Examples;

internal static class Deadlines
{
    public static async Task RunAsync()
    {
        // <sample>
        List<int> started = [];
        await using var sleepers = new TinyTroupe<int, int>(
            async (milliseconds, token) =>
            {
                started.Add(milliseconds);
                await Task.Delay(milliseconds, token);
                return milliseconds;
            },
            new() { Name = "sleepers", Workers = 1 });

        var brief = TimeSpan.FromMilliseconds(100);
        TinyFuture<int>[] futures =
        [
            await sleepers.SubmitAsync(500),
            await sleepers.SubmitAsync(1, new() { Deadline = brief }),       // counts from here: its turn would come too late
            await sleepers.SubmitAsync(60_000, new() { Timeout = brief }),   // counts from its start
        ];
        foreach (var future in futures)
        {
            try
            {
                Console.WriteLine(await future);
            }
            catch (TimeoutException exception)
            {
                Console.WriteLine(exception.Message);
            }
        }

        Console.WriteLine($"started: {string.Join(", ", started)}");
        // </sample>
    }
}
