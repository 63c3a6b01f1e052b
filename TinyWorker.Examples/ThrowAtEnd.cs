namespace TinyWorker.Examples;

internal static class ThrowAtEnd
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Workers = 2 });

        try
        {
            foreach (var number in parsers.Map(["1", "two", "3", "four"], new() { Errors = MapErrors.ThrowAtEnd }))
                Console.WriteLine(number);
        }
        catch (AggregateException errors)
        {
            foreach (var error in errors.InnerExceptions) Console.WriteLine(error.Message);
        }
        // </sample>
    }
}
