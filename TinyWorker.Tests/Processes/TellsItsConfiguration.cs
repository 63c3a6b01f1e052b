namespace TinyWorker.Tests.Processes;

/// <summary>A program that prints a setting of its runtime configuration as a worker process sees it. See HostOptionsTests.</summary>
internal static class TellsItsConfiguration
{
    public const string Name = "tells its configuration";
    public const string Setting = "TinyWorker.Tests.Setting";

    public static async Task RunAsync()
    {
        await using var troupe = new TinyTroupe<string, string>(
            static name => $"{AppContext.GetData(name)}", new ProcessTroupeOptions { Workers = 1, WorkingDirectory = "/" });
        Console.WriteLine(await troupe.Submit(Setting));
    }
}
