using TinyWorker.Tests.Processes.Troupes;

namespace TinyWorker.Tests;

/// <summary>The processes of the tests: one takes two results of a map whose other tasks never end, drops its iterator, and returns from Main.</summary>
internal static class Program
{
    private static readonly ManualResetEventSlim Never = new();

    internal static async Task Main(string[] arguments)
    {
        if (arguments[0] == DrainsAtCtrlC.Name)
        {
            await DrainsAtCtrlC.RunAsync(arguments[1]);
            return;
        }

        var (map, hasProgress) = (arguments[0], bool.Parse(arguments[1]));
        var numbers = Enumerable.Range(0, 1000);
        var workers = new TinyTroupeOptions { Workers = 2 };
        var options = new MapOptions { Window = 8, Progress = hasProgress ? new ProgressBar("dropped") : null };
        var results = map switch
        {
            "Map" => TakeTwo(new TinyTroupe<int, int>(Block, workers).Map(numbers, options)),
            "MapAsync" => await TakeTwoAsync(new TinyTroupe<int, int>(Block, workers).MapAsync(numbers, options)),
            "ParallelMap" => TakeTwo(numbers.ParallelMap(Block, workers, options)),
            "ParallelMapAsync" => await TakeTwoAsync(numbers.ParallelMapAsync(Block, workers, options)),
            "ParallelMapAsync on the pool" => await TakeTwoAsync(numbers.ToAsyncEnumerable().ParallelMapAsync(PendAsync, workers, options)),
            _ => throw new ArgumentException($"There is no map '{map}'."),
        };
        Console.WriteLine(string.Join(' ', results));
    }

    private static int Block(int x)
    {
        if (x >= 2) Never.Wait();
        return x;
    }

    private static async Task<int> PendAsync(int x)
    {
        if (x >= 2) await new TaskCompletionSource().Task;
        return x;
    }

    private static int[] TakeTwo(IEnumerable<int> map)
    {
        var dropped = map.GetEnumerator();
        return [Next(), Next()];

        int Next() => dropped.MoveNext() ? dropped.Current : -1;
    }

    private static async Task<int[]> TakeTwoAsync(IAsyncEnumerable<int> map)
    {
        var dropped = map.GetAsyncEnumerator();
        return [await NextAsync(), await NextAsync()];

        async Task<int> NextAsync() => await dropped.MoveNextAsync() ? dropped.Current : -1;
    }
}
