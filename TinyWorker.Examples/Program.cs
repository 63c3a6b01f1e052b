namespace TinyWorker.Examples;

/// <summary>Runs the example that the first argument names.</summary>
internal static class Program
{
    internal const int Success = 0;
    internal const int UsageError = 2;

    private static readonly Example[] Examples =
    [
        new("tour-1", "the tour in docs/tour.md: a function", Tour1.RunAsync),
        new("tour-2", "the tour: a worker with state", Tour2.RunAsync),
        new("tour-3", "the tour: errors", Tour3.RunAsync),
        new("tour-4", "the tour: a chain", Tour4.RunAsync),
        new("tour-5", "the tour: a stream", Tour5.RunAsync),
        new("tour-6", "the tour: cancelling, and a deadline", Tour6.RunAsync),
        new("tour-7", "the tour: worker processes", Tour7.RunAsync),
        new("squares", "two troupes in a chain; nothing waits between them", Squares.RunAsync),
        new("function", "the shortest troupe: a function, four threads, a future for each call", Function.RunAsync),
        new("stateful", "a worker class that keeps an expensive object", Stateful.RunAsync),
        new("per-worker", "different arguments for each worker", PerWorker.RunAsync),
        new("async-worker", "a worker with an asynchronous start", AsyncWorker.RunAsync),
        new("inline", "tasks that run inside Submit, for debugging", Inline.RunAsync),
        new("capacity", "back-pressure: what happens when there is no room", Capacity.RunAsync),
        new("chain", "a lazy chain: a task of the second stage starts when its input is there", Chain.RunAsync),
        new("diamond", "one future into two troupes, and both results into another", Diamond.RunAsync),
        new("long-chain", "ten thousand links through a troupe with room for one", LongChain.RunAsync),
        new("promise", "a chain that begins with your own event, or with a Task", Promise.RunAsync),
        new("each", "futures in the order in which they end", Each.RunAsync),
        new("inside", "a worker that tries to wait for its own troupe", Inside.RunAsync),
        new("steps", "functions between two troupes, and a value in the place of a fault", Steps.RunAsync),
        new("errors", "an error belongs to its own future and travels along its chain", Errors.RunAsync),
        new("one-liner", "a map that makes its own troupe", OneLiner.RunAsync),
        new("lines", "ten million generated lines through an ordered map, in constant memory", Lines.RunAsync),
        new("async-source", "a map of an asynchronous sequence", AsyncSource.RunAsync),
        new("leave", "a map of an endless sequence that is left early", Leave.RunAsync),
        new("throw-at-end", "a map that delivers every success before it throws", ThrowAtEnd.RunAsync),
        new("outcomes", "a map whose errors are values", Outcomes.RunAsync),
        new("args", "several arguments for each item", Args.RunAsync),
        new("progress", "a map with a progress bar on stderr", Progress.RunAsync),
        new("processes", "workers in processes of their own", Processes.RunAsync),
        new("refused", "what a function may take to a worker process, and what it may not", Refused.RunAsync),
        new("serializer", "records to worker processes with MemoryPack instead of JSON", Serializer.RunAsync),
        new("crash", "worker processes are killed, and nothing is lost", Crash.RunAsync),
        new("gpu-like", "an environment variable for each worker process", GpuLike.RunAsync),
        new("broken", "a worker that cannot be made", Broken.RunAsync),
        new("cancel", "cancelling a waiting task and a running task, and a deadline", Cancel.RunAsync),
        new("hung", "a task that ignores its token loses its worker", Hung.RunAsync),
        new("stop", "a shutdown with a deadline", Stop.RunAsync),
        new("ctrl-c", "docs/how-to.md: Ctrl-C, and the results so far", CtrlC.RunAsync),
        new("forget", "how-to: tasks whose futures are dropped", Forget.RunAsync),
        new("crawl", "how-to: work that makes work", Crawl.RunAsync),
        new("reconnect", "how-to: a connection for each worker, which is lost now and then", Reconnect.RunAsync),
        new("web", "how-to: a troupe behind a web server", Web.RunAsync),
        new("rate-limit", "how-to: at most so many calls in a time", RateLimit.RunAsync),
        new("retries", "how-to: retries with Polly inside a worker", Retries.RunAsync),
        new("culture", "how-to: whose culture a task has", Culture.RunAsync),
        new("set-up", "how-to: what Main sets up, in worker processes", SetUp.RunAsync),
        new("pipeline", "docs/pipelines.md: three troupes as one", Pipeline.RunAsync),
        new("batches", "pipelines: a model that takes many items at once", Batches.RunAsync),
        new("isolate", "pipelines: one bad item in a batch", Isolate.RunAsync),
        new("elastic", "docs/production.md: workers that come and go", Elastic.RunAsync),
        new("sessions", "production: a cache in each worker, and keys that find it", Sessions.RunAsync),
        new("priority", "production: what is urgent first", Priority.RunAsync),
        new("deadlines", "production: a deadline and a timeout of one task", Deadlines.RunAsync),
        new("maintenance", "production: a pause", Maintenance.RunAsync),
        new("reload", "production: one task for each worker", Reload.RunAsync),
        new("remote", "docs/remote.md: workers in two other programs behind RabbitMQ; one is killed, nothing is lost", Remote.RunAsync),
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

            case [Remote.HostVerb, var broker, var record]:
                await RemoteHost.ServeAsync(broker, record);
                return Success;

            case []:
                Console.Error.WriteLine("Name the example to run:");
                PrintList(Console.Error);
                return UsageError;

            default:
                var (name, rest) = (arguments[0], arguments[1..]);
                if (Array.Find(Examples, example => example.Name == name) is not { } found)
                {
                    Console.Error.WriteLine($"There is no example '{name}'. The examples are:");
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
        output.WriteLine($"  {"duplicates",-14}finds duplicate files: duplicates [FOLDER]");
        foreach (var example in Examples)
            output.WriteLine($"  {example.Name,-14}{example.Description}");
    }

    private sealed record Example(string Name, string Description, Func<Task> RunAsync);
}
