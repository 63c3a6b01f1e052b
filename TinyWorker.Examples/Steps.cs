namespace TinyWorker.Examples;

internal static class Steps
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Workers = 1 });
        await using var squares = new TinyTroupe<int, int>(x => x * x, new() { Workers = 1 });

        var three = parsers.Submit("3");
        Console.WriteLine(await three.Then(x => x + 1));                   // a function
        Console.WriteLine(await three.Then(x => squares.Submit(x)));       // one that submits
        Console.WriteLine(await three.Then(async x =>                      // an asynchronous one
        {
            await Task.Delay(10);
            return x + 2;
        }));
        Console.WriteLine(await parsers.Submit("four").Recover(fault => -1));
        // </sample>
    }
}
