using System.Diagnostics;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>How long it takes from nothing to the first result of one and of four worker processes, beside a child that does nothing. They take turns.</summary>
internal static class StartMode
{
    private const int Rounds = 15;

    public static async Task RunAsync()
    {
        List<double> bare = [], one = [], four = [];
        for (var round = -1; round < Rounds; round++)
        {
            var (b, o, f) = (await BareAsync(), await TroupeAsync(1), await TroupeAsync(4));
            if (round < 0) continue;   // the first compiles this side
            bare.Add(b);
            one.Add(o);
            four.Add(f);
        }

        Console.WriteLine($"One bare child to its first answer: {Median(bare):F0} ms");
        Console.WriteLine($"A troupe of one process to its first result: {Median(one):F0} ms, {Median([.. one.Zip(bare, (mine, theirs) => mine / theirs)]):F2} of the bare child");
        Console.WriteLine($"A troupe of four processes to its first result: {Median(four):F0} ms, {Median([.. four.Zip(bare, (mine, theirs) => mine / theirs)]):F2} of the bare child");
    }

    private static async Task<double> BareAsync()
    {
        var started = Stopwatch.GetTimestamp();
        using var child = await BareChild.StartAsync();
        await child.RoundTripAsync();
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static async Task<double> TroupeAsync(int workers)
    {
        var started = Stopwatch.GetTimestamp();
        await using var troupe = new TinyTroupe<int, int>(x => x, new ProcessTroupeOptions { Workers = workers });
        _ = await troupe.Submit(1);
        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
