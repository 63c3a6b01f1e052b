namespace TinyWorker.Examples;

internal static class Cancel
{
    public static async Task RunAsync()
    {
        // <sample>
        using var started = new SemaphoreSlim(0);
        await using var sleepers = new TinyTroupe<string, string>(Sleep, new() { Workers = 1 });
        await using var hurried = new TinyTroupe<string, string>(Sleep, new() { Workers = 1, TaskTimeout = TimeSpan.FromSeconds(0.5) });

        var running = await sleepers.SubmitAsync("running");
        var waiting = await sleepers.SubmitAsync("waiting");
        await started.WaitAsync();

        waiting.Cancel();                                // never runs
        running.Cancel();                                // its token fires
        Console.WriteLine(await Outcome(running));
        Console.WriteLine(await Outcome(waiting));
        Console.WriteLine(await Outcome(await hurried.SubmitAsync("late")));   // nobody cancels it: its deadline does

        string Sleep(string name, CancellationToken token)
        {
            started.Release();
            token.WaitHandle.WaitOne();                  // stands for long work that looks at its token
            token.ThrowIfCancellationRequested();
            return name;
        }
        // </sample>
    }

    private static async Task<string> Outcome(TinyFuture<string> future)
    {
        try
        {
            return await future;
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            return $"{future.Status}: {exception.GetType().Name}";
        }
    }
}
