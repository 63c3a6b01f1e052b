namespace TinyWorker.Examples;

internal static class Outcomes
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Workers = 2 });

        await foreach (var outcome in parsers.MapOutcomesAsync(["1", "two", "3"]))
        {
            Console.WriteLine(outcome.IsSuccess
                ? $"item {outcome.Index}, '{outcome.Input}', is {outcome.Value}"
                : $"item {outcome.Index}, '{outcome.Input}', failed: {outcome.Exception!.Message}");
        }
        // </sample>
    }
}
