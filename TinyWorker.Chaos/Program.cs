using System.Globalization;

namespace TinyWorker.Chaos;

/// <summary>Runs rounds until the time is over. The exit code and the last line say whether every check passed.</summary>
internal static class Program
{
    private const int Held = 0;
    private const int Failed = 1;
    private const int UsageError = 2;

    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HandlePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    internal static async Task<int> Main(string[] arguments)
    {
        if (!TryParse(arguments, out var time, out var seed))
        {
            Console.Error.WriteLine("usage: TinyWorker.Chaos [--seconds N | --minutes N] [--seed N]");
            return UsageError;
        }

        Console.WriteLine($"chaos for {time}, seed {seed}, {Environment.ProcessorCount} processors");
        var results = new Results();
        using var lines = new Timer(_ => results.PrintProgress(), null, BetweenLines, BetweenLines);
        try
        {
            await RunAsync(results, time, seed);
        }
        catch (Exception e)
        {
            results.Fail("stuck", e.ToString());
        }

        if (!results.HasFailed) results.CheckThatThereWasChaos();
        results.PrintSummary();
        Console.WriteLine(results.LastLine(seed));
        return results.HasFailed ? Failed : Held;
    }

    private static async Task RunAsync(Results results, TimeSpan time, long seed)
    {
        string[]? handles = null;
        for (var end = DateTime.UtcNow + time; DateTime.UtcNow < end;)
        {
            var left = end - DateTime.UtcNow;
            using var round = new Round(results, unchecked((seed * 1_000_003) + results.Rounds), left < LongestRound ? left : LongestRound);
            await round.RunAsync();
            var now = Leftovers.Handles();
            // The first round opens the handles that a process opens once, so the comparison begins after it.
            handles ??= now;
            // A pipe may close a moment after the process at its other end is gone. One that is left behind stays.
            for (var patience = DateTime.UtcNow + HandlePatience; now.Length > handles.Length && DateTime.UtcNow < patience;)
            {
                await Task.Delay(20);
                now = Leftovers.Handles();
            }

            if (now.Length <= handles.Length) continue;
            var added = string.Join(", ", now.Except(handles));
            var count = $"{now.Length} handles after round {results.Rounds}, {handles.Length} after the first";
            results.Fail("left behind", $"{count}; new are {added}");
        }
    }

    private static bool TryParse(string[] arguments, out TimeSpan time, out long seed)
    {
        time = TimeSpan.FromSeconds(60);
        seed = DateTime.UtcNow.Ticks % 1_000_000;
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length) return false;
            if (!long.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var number) || number < 1) return false;
            switch (arguments[i])
            {
                case "--seconds":
                    time = TimeSpan.FromSeconds(number);
                    break;
                case "--minutes":
                    time = TimeSpan.FromMinutes(number);
                    break;
                case "--seed":
                    seed = number;
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
