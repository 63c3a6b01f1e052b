namespace TinyWorker.Examples;

internal static class Broken
{
    public static async Task RunAsync()
    {
        // <sample>
        await using var models = new TinyTroupe<string, string>(
            worker => new Model("model.bin"), new() { Name = "models", Workers = 1 });

        try
        {
            await models.CallAsync("Hello?");
        }
        catch (WorkerStartException exception)
        {
            Console.WriteLine($"{exception.Troupe}, worker {exception.Worker.Index}: {exception.InnerException!.Message}");
        }
        // </sample>
    }

    // <sample>
    private sealed class Model : TinyWorker<string, string>
    {
        public Model(string file) => throw new InvalidDataException($"'{file}' is no model");

        public override string Call(string prompt, CancellationToken cancellationToken) => prompt;
    }
    // </sample>
}
