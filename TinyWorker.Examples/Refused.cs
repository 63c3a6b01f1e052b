namespace TinyWorker.Examples;

internal static class Refused
{
    public static async Task RunAsync()
    {
        // <sample>
        var words = new Dictionary<string, int> { ["one"] = 1, ["two"] = 2 };
        await using var readers = new TinyTroupe<string, int>(word => words[word], new ProcessTroupeOptions { Workers = 1 });
        Console.WriteLine(await readers.CallAsync("two"));   // by a copy of the dictionary

        using var log = new MemoryStream();
        try
        {
            _ = new TinyTroupe<byte, byte>(
                x =>
                {
                    log.WriteByte(x);
                    return x;
                },
                new ProcessTroupeOptions());
        }
        catch (ArgumentException exception)
        {
            Console.WriteLine(exception.Message);
        }
        // </sample>
    }
}
