namespace TinyWorker.Tests.Processes.Troupes;

/// <summary>A program that may use little memory, unlike its worker. It prints what becomes of results of the given sizes.</summary>
internal static class LacksMemory
{
    public const string Name = "LacksMemory";
    public const string Limit = "DOTNET_GCHeapHardLimit";

    public static async Task RunAsync(int[] sizes)
    {
        await using var troupe = new TinyTroupe<int, byte[]>(
            static size => new byte[size],
            new ProcessTroupeOptions { Workers = 1, Environment = static _ => new Dictionary<string, string?> { [Limit] = null } });
        foreach (var size in sizes)
        {
            try
            {
                Console.WriteLine((await troupe.Submit(size)).Length);
            }
            catch (Exception e)
            {
                Console.WriteLine($"{e.GetType().Name} {e.InnerException?.GetType().Name}");
            }
        }

        Console.WriteLine($"{troupe.Snapshot().Workers[0].Restarts} restarts");
    }
}
