namespace TinyWorker.Examples;

internal static class Errors
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Workers = 2 });
        await using var doublers = new TinyTroupe<int, int>(number => number * 2, new() { Workers = 2 });

        foreach (var text in new[] { "1", "two", "3" })
        {
            var parsed = parsers.Submit(text);
            var doubled = doublers.Submit(parsed);
            try
            {
                Console.WriteLine($"{text}: {await doubled}");
            }
            catch (FormatException exception)
            {
                Console.WriteLine($"{text}: {exception.Message}");
                Console.WriteLine($"the parser's own exception: {ReferenceEquals(parsed.Exception, doubled.Exception)}");
            }
        }
        // </sample>
    }
}
