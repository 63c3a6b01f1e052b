namespace TinyWorker.Examples;

internal static class Pipeline
{
    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("pipeline-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "one"), "1");
        await File.WriteAllTextAsync(Path.Combine(folder, "two"), "zwei");
        await File.WriteAllTextAsync(Path.Combine(folder, "four"), "4");
        // <sample>
        await using var readers = new TinyTroupe<string, string>(
            (path, token) => File.ReadAllTextAsync(path, token), new() { Name = "readers", Workers = 8 });
        await using var parsers = new TinyTroupe<string, int>(text => int.Parse(text), new() { Name = "parsers", Workers = 2 });
        await using var roots = new TinyTroupe<int, double>(x => Math.Sqrt(x), new() { Name = "roots", Workers = 2 });

        var pipeline = readers.Into(parsers).Into(roots);   // an ITinyTroupe<string, double>

        string[] names = ["one", "two", "three", "four"];
        await foreach (var outcome in pipeline.MapOutcomesAsync(names.Select(name => Path.Combine(folder, name))))
        {
            var name = Path.GetFileName(outcome.Input);
            Console.WriteLine($"{name}: {(outcome.IsSuccess ? outcome.Value : outcome.Exception!.GetType().Name)}");
        }
        // </sample>
        Directory.Delete(folder, recursive: true);
    }
}
