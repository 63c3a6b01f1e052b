namespace TinyWorker.Examples;

internal static class Diamond
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var readers = new TinyTroupe<string, string>(path => $"the text of {path}");
        await using var counters = new TinyTroupe<string, int>(text => text.Split(' ').Length);
        await using var shouters = new TinyTroupe<string, string>(text => text.ToUpperInvariant());
        await using var reporters = new TinyTroupe<(int Words, string Text), string>(both => $"{both.Text}: {both.Words} words");

        var text = readers.Submit("a.txt");          // one future...
        var words = counters.Submit(text);           // ...goes into two troupes
        var shout = shouters.Submit(text);
        var report = reporters.Submit(TinyFuture.WhenAll(words, shout));   // and both results into a fourth

        Console.WriteLine(await report);
        // </sample>
    }
}
