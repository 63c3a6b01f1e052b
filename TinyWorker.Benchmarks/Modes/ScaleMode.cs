using TinyWorker.Benchmarks.Results;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// Does a task cost the same with many workers, with many submitters, and with many tasks that wait? Beside the nanoseconds for a task: how
/// many of these collections stop the program, and how often a thread goes to sleep for 1,000 tasks.
/// </summary>
internal static class ScaleMode
{
    private const int Items = 100_000;
    private const int Workers = 4;
    private const int Capacity = 1024;
    private const int Rounds = 5;
    private const int LongRounds = 1;   // for the largest number of waiting tasks: it takes seconds

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(0.3);
    private static readonly string[] Names = ["threads", "pool", "channel"];

    public static async Task RunAsync(string[] arguments)
    {
        var log = new ResultLog("scale", arguments, out _);
        await MeasureWorkersAsync(log, [1, 2, 4, 16, 64, 256]);
        await MeasureSubmittersAsync(log, $"Submitters, capacity {Capacity:N0}", Capacity, [1, 4, 16, 64]);
        await MeasureSubmittersAsync(log, "Submitters, room for all tasks", Items, [1, 4, 16, 64]);   // none waits for room
        await MeasureWaitingAsync(log, [1_000, 10_000, 100_000, 1_000_000, 10_000_000]);
        log.Write();
    }

    private static async Task MeasureWorkersAsync(ResultLog log, int[] counts)
    {
        var peers = new List<ScalePeer[]>();
        foreach (var count in counts) peers.Add(await MakePeersAsync(count, Capacity, Items));
        Turn[][] turns = [.. peers.Select(row => row.Select(peer => new Turn(Items, () => peer.SubmitAsync(1, Items))).ToArray())];
        await Turn.TakeAsync([.. turns.SelectMany(row => row)], WarmUp, Rounds);
        log.Add(ToTable("Workers", counts, turns));
        foreach (var peer in peers.SelectMany(row => row)) await peer.DisposeAsync();
    }

    private static async Task MeasureSubmittersAsync(ResultLog log, string title, int capacity, int[] counts)
    {
        var peers = await MakePeersAsync(Workers, capacity, Items);
        Turn[][] turns = [.. counts.Select(count => peers.Select(peer => new Turn(Items, () => peer.SubmitAsync(count, Items))).ToArray())];
        await Turn.TakeAsync([.. turns.SelectMany(row => row)], WarmUp, Rounds);
        log.Add(ToTable(title, counts, turns));
        foreach (var peer in peers) await peer.DisposeAsync();
    }

    private static async Task MeasureWaitingAsync(ResultLog log, int[] counts)
    {
        var peers = await MakePeersAsync(Workers, counts.Max(), counts.Max());
        Turn[][] turns = [.. counts.Select(count => peers.Select(peer => ToTurn(peer, count)).ToArray())];
        await Turn.TakeAsync([.. turns[..^1].SelectMany(row => row)], WarmUp, Rounds);
        await Turn.TakeAsync(turns[^1], TimeSpan.Zero, LongRounds);
        log.Add(ToTable("Waiting tasks", counts, turns));
        foreach (var peer in peers) await peer.DisposeAsync();

        static Turn ToTurn(ScalePeer peer, int count)
        {
            var times = Math.Max(1, Items / count);
            return new(count * times, async () =>
            {
                var sum = TimeSpan.Zero;
                for (var i = 0; i < times; i++) sum += await peer.FillAndRunAsync(count);
                return sum;
            });
        }
    }

    private static async Task<ScalePeer[]> MakePeersAsync(int workers, int capacity, int items) =>
    [
        await TroupeScalePeer.CreateAsync(new ThreadTroupeOptions { Workers = workers, Capacity = capacity }, items, blocking: true),
        await TroupeScalePeer.CreateAsync(new PoolTroupeOptions { Workers = workers, Capacity = capacity }, items, blocking: false),
        new HandWrittenScalePeer(workers, capacity, items),
    ];

    private static ResultTable ToTable(string title, int[] counts, Turn[][] turns) =>
        new(
            title,
            [
                .. Names.Select(name => new ResultColumn(name, "F0")),
                .. Names.Select(name => new ResultColumn($"{name}, GC", "F0")),
                .. Names.Select(name => new ResultColumn($"{name}, sleeps", "F0")),
            ],
            [.. counts.Zip(turns, (count, row) => new ResultRow(
                $"{count:N0}", [.. row.Select(Time), .. row.Select(Pause), .. row.Select(Sleeps)]))]);

    private static double? Time(Turn turn) => turn.Nanoseconds;

    private static double? Pause(Turn turn) => turn.PauseNanoseconds;

    private static double? Sleeps(Turn turn) => turn.SwitchesOfThousand;
}
