namespace TinyWorker.Examples;

internal static class Hung
{
    public static async Task RunAsync()
    {
        // <sample>
        using var started = new SemaphoreSlim(0);
        using var never = new ManualResetEventSlim();
        await using var workers = new TinyTroupe<int, int>(
            x =>
            {
                if (x >= 0) return x * x;
                started.Release();
                never.Wait();   // ignores its token
                return x;
            },
            new() { Workers = 1, CancellationGrace = TimeSpan.FromMilliseconds(200) });

        var hung = await workers.SubmitAsync(-1);
        var next = await workers.SubmitAsync(3);
        await started.WaitAsync();
        hung.Cancel();

        Console.WriteLine(await next);   // by a fresh worker
        Console.WriteLine($"{hung.Status}; workers abandoned: {workers.Snapshot().Abandoned}");
        never.Set();
        // </sample>
    }
}
