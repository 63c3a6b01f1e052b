using System.Diagnostics;
using System.Threading.Tasks.Dataflow;
using TinyWorker.Benchmarks.Peers;
using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// From which size of a task on does each way of running tasks side by side pay? An ordered map of tasks that compute, with a worker for
/// each core, beside a plain loop.
/// </summary>
internal static class SizesMode
{
    private const int Window = 1024;
    private const int Rounds = 7;
    private const int MostItems = 50_000;
    private const int FewestItems = 16;

    private static readonly int[] Sizes = [1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000];   // microseconds
    private static readonly TimeSpan LoopTime = TimeSpan.FromMilliseconds(100);             // the least that a turn of the loop takes
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.2);
    private static readonly int Workers = Environment.ProcessorCount;
    private static readonly MapOptions Options = new() { Window = Window };

    public static async Task RunAsync(string[] arguments)
    {
        var log = new ResultLog("sizes", arguments, out _);
        await using var threads = new TinyTroupe<int, int>(Compute, new ThreadTroupeOptions { Workers = Workers });
        await using var pool = new TinyTroupe<int, int>(Compute, new PoolTroupeOptions { Workers = Workers });
        await using var processes = new TinyTroupe<int, int>(Compute, new ProcessTroupeOptions { Workers = Workers });
        var block = new TransformBlock<int, int>(
            Compute, new ExecutionDataflowBlockOptions { MaxDegreeOfParallelism = Workers, BoundedCapacity = Window });
        await threads.WhenReadyAsync();
        await pool.WhenReadyAsync();
        await processes.WhenReadyAsync();

        (string Name, Func<int[], Task<long>> RunAsync)[] peers =
        [
            ("A plain loop", inputs => Task.FromResult(Sum(inputs.Select(Compute)))),
            ("TinyWorker, threads", inputs => Task.FromResult(Sum(threads.Map(inputs, Options)))),
            ("TinyWorker, pool", inputs => SumAsync(pool.MapAsync(inputs, Options))),
            ("TinyWorker, processes", inputs => Task.FromResult(Sum(processes.Map(inputs, Options)))),
            ("PLINQ, AsOrdered", inputs =>
                Task.FromResult(Sum(inputs.AsParallel().AsOrdered().WithDegreeOfParallelism(Workers).Select(Compute)))),
            ("TransformBlock", inputs => Dataflow.SendAllWhileReceivingAsync(block, block, inputs)),
        ];
        var stepsOfAMicrosecond = StepsOfAMicrosecond();

        var bySize = new Turn[Sizes.Length][];
        for (var i = 0; i < Sizes.Length; i++)
        {
            var count = Math.Clamp((int)(LoopTime.TotalMicroseconds / Sizes[i]), FewestItems, MostItems);
            int[] inputs = [.. Enumerable.Repeat((int)(Sizes[i] * stepsOfAMicrosecond), count)];
            var sum = Sum(inputs.Select(Compute));
            bySize[i] = [.. peers.Select(peer => ToTurn(peer.Name, peer.RunAsync, inputs, sum))];
            await Turn.TakeAsync(bySize[i], WarmUp, Rounds);
        }

        log.Add(ToTable("Speed, in plain loops", "F2", (turn, loop) => 1 / turn.RatioTo(loop)));
        log.Add(ToTable("Tasks a second", "N0", (turn, _) => 1e9 / turn.Nanoseconds));
        log.Write();
        block.Complete();
        await block.Completion;

        ResultTable ToTable(string title, string format, Func<Turn, Turn, double> value) =>
            new(
                title,
                [.. Sizes.Select(size => new ResultColumn(size < 1_000 ? $"{size} µs" : $"{size / 1_000} ms", format))],
                [
                    .. peers.Select((peer, i) => new ResultRow(
                        peer.Name, [.. bySize.Select(turns => (double?)value(turns[i], turns[0]))], IsBaseline: i == 0)),
                ]);
    }

    private static Turn ToTurn(string name, Func<int[], Task<long>> runAsync, int[] inputs, long expected) =>
        new(inputs.Length, async () =>
        {
            var started = Stopwatch.GetTimestamp();
            var sum = await runAsync(inputs);
            var time = Stopwatch.GetElapsedTime(started);
            return sum == expected
                ? time
                : throw new InvalidOperationException($"{name}: the sum of the results is {sum}, not {expected}.");
        });

    // The best of some tries: other work on the machine can only make the loop slower.
    private static double StepsOfAMicrosecond()
    {
        const int Steps = 10_000_000;
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var started = Stopwatch.GetTimestamp();
            Compute(Steps);
            var time = Stopwatch.GetElapsedTime(started);
            if (time < best) best = time;
        }

        return Steps / best.TotalMicroseconds;
    }

    private static int Compute(int steps)
    {
        var hash = (uint)steps;
        for (var i = 0; i < steps; i++) hash = (hash * 2654435761) ^ (hash >> 15);
        return (int)(hash & 0xFF);
    }

    private static long Sum(IEnumerable<int> results)
    {
        long sum = 0;
        foreach (var result in results) sum += result;
        return sum;
    }

    private static async Task<long> SumAsync(IAsyncEnumerable<int> results)
    {
        long sum = 0;
        await foreach (var result in results) sum += result;
        return sum;
    }
}
