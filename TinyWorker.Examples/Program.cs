namespace TinyWorker.Examples;

/// <summary>Runs the example that the first argument names.</summary>
internal static class Program
{
    internal const int Success = 0;
    internal const int UsageError = 2;

    private static readonly Example[] Examples =
    [
        new("squares", "two troupes, chained without waiting in between", Squares.RunAsync),
        new("function", "the shortest troupe: a function, four threads, a future for each call", Function.RunAsync),
        new("stateful", "a worker class that keeps what is expensive to make", Stateful.RunAsync),
        new("per-worker", "different arguments for each worker", PerWorker.RunAsync),
        new("chain", "a lazy chain: the second stage starts on what the first has finished", Chain.RunAsync),
        new("errors", "an error belongs to its own future and travels along its chain", Errors.RunAsync),
        new("one-liner", "a map that makes its own troupe", OneLiner.RunAsync),
        new("lines", "ten million generated lines through an ordered map, in constant memory", Lines.RunAsync),
        new("outcomes", "a map whose errors are values", Outcomes.RunAsync),
        new("args", "several arguments for each item", Args.RunAsync),
        new("progress", "a map with a progress bar on stderr", Progress.RunAsync),
        new("processes", "workers in processes of their own", Processes.RunAsync),
        new("crash", "worker processes are killed, and nothing is lost", Crash.RunAsync),
        new("gpu-like", "an environment variable for each worker process", GpuLike.RunAsync),
        new("cancel", "cancelling what waits and what runs, and a deadline", Cancel.RunAsync),
    ];

    internal static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["list"]:
                PrintList(Console.Out);
                return Success;

            case ["duplicates", .. var folder]:
                return await Duplicates.RunAsync(folder);

            case []:
                Console.Error.WriteLine("Name the example to run:");
                PrintList(Console.Error);
                return UsageError;

            default:
                var (name, rest) = (arguments[0], arguments[1..]);
                if (Array.Find(Examples, example => example.Name == name) is not { } found)
                {
                    Console.Error.WriteLine($"There is no example '{name}'. These there are:");
                    PrintList(Console.Error);
                    return UsageError;
                }

                if (rest is not [])
                {
                    Console.Error.WriteLine($"The example '{name}' takes no arguments, but was given '{string.Join(' ', rest)}'.");
                    return UsageError;
                }

                await found.RunAsync();
                return Success;
        }
    }

    private static void PrintList(TextWriter output)
    {
        output.WriteLine($"  {"duplicates",-12}finds duplicate files: duplicates [FOLDER]");
        foreach (var example in Examples)
            output.WriteLine($"  {example.Name,-12}{example.Description}");
    }

    private sealed record Example(string Name, string Description, Func<Task> RunAsync);
}
