namespace TinyWorker.Examples;

internal static class Tour7
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var fragile = new TinyTroupe<int, int>(
            x =>
            {
                if (x == 2) Environment.Exit(3);   // stands for a native library that crashes
                return x * x;
            },
            new ProcessTroupeOptions { Workers = 2 });

        int[] numbers = [1, 2, 3];
        List<TinyFuture<int>> futures = [];
        foreach (var x in numbers) futures.Add(await fragile.SubmitAsync(x));
        foreach (var future in futures)
        {
            try
            {
                Console.WriteLine(await future);
            }
            catch (WorkerCrashedException exception)
            {
                Console.WriteLine($"a worker died with exit code {exception.ExitCode}");
            }
        }
        // </sample>
    }
}
