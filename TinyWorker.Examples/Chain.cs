namespace TinyWorker.Examples;

internal static class Chain
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var readers = new TinyTroupe<string, string>(
            (path, token) => File.ReadAllTextAsync(path, token), new() { Workers = 8 });
        await using var counters = new TinyTroupe<string, int>(
            text => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Length, new() { Workers = 2 });

        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "a troupe of workers behind a channel");

        var text = readers.Submit(path);        // a future: nothing has waited
        var words = counters.Submit(text);      // waits for the text, and holds no worker until the text is there
        var report = words.Then(count => $"{count} words");

        Console.WriteLine(await report);
        File.Delete(path);
        // </sample>
    }
}
