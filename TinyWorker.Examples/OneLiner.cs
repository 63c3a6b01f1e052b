namespace TinyWorker.Examples;

internal static class OneLiner
{
    public static Task RunAsync()
    {
        // <sample>
        foreach (var square in Enumerable.Range(0, 10).ParallelMap(x => x * x, new() { Workers = 4 }))
            Console.WriteLine(square);
        // </sample>
        return Task.CompletedTask;
    }
}
