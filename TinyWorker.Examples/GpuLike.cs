namespace TinyWorker.Examples;

internal static class GpuLike
{
    public static async Task RunAsync()
    {
        // <sample>
        string[] devices = ["GPU-A", "GPU-B", "GPU-C"];
        await using var models = new TinyTroupe<string, string>(
            async prompt =>
            {
                await Task.Delay(200);   // stands for a model that uses the one device that its process can see
                return $"{prompt}: answered by {Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES")}";
            },
            new ProcessTroupeOptions
            {
                Workers = devices.Length,
                Environment = worker => new Dictionary<string, string?> { ["CUDA_VISIBLE_DEVICES"] = devices[worker.Index] },
            });
        await models.WhenReadyAsync();

        await foreach (var answer in models.MapAsync(["one", "two", "three", "four", "five", "six"]))
            Console.WriteLine(answer);
        // </sample>
    }
}
