using System.Diagnostics;
using System.Runtime;
using TinyWorker.Benchmarks.Peers;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// How long does a troupe of one and of four worker processes take from its constructor to its first result, compared with a bare child?
/// They take turns.
/// </summary>
internal static class StartMode
{
    private const int Rounds = 15;

    public static async Task RunAsync()
    {
        List<double> bare = [], one = [], four = [];
        for (var round = -1; round < Rounds; round++)
        {
            var (b, o, f) = (await BareAsync(), await TroupeAsync(1), await TroupeAsync(4));
            if (round < 0) continue;   // the first round includes compilation
            bare.Add(b);
            one.Add(o);
            four.Add(f);
        }

        Console.WriteLine($"A worker process compiles {await MethodsCompiledAsync()} methods up to its first task");
        Console.WriteLine($"One bare child to its first answer: {Medians.Of(bare):F0} ms");
        Console.WriteLine($"One worker process to its first result: {Compared(one, bare)}");
        Console.WriteLine($"Four worker processes to their first result: {Compared(four, bare)}");
    }

    private static string Compared(List<double> times, List<double> bare) =>
        $"{Medians.Of(times):F0} ms, {Medians.OfRatios(times, bare):F2} of the bare child";

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

    // Tells whether the library that is measured has compiled code.
    private static async Task<long> MethodsCompiledAsync()
    {
        await using var troupe = new TinyTroupe<int, int>(
            _ => (int)JitInfo.GetCompiledMethodCount(), new ProcessTroupeOptions { Workers = 1 });
        return await troupe.Submit(1);
    }
}
