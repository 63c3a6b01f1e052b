using System.Globalization;

namespace TinyWorker.Chaos;

/// <summary>Round after round until the time is over. The exit code and the last line say whether everything held.</summary>
internal static class Program
{
    private const int Held = 0;
    private const int Failed = 1;
    private const int UsageError = 2;

    private static readonly TimeSpan LongestRound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenLines = TimeSpan.FromSeconds(5);

    internal static async Task<int> Main(string[] arguments)
    {
        if (!TryParse(arguments, out var time, out var seed))
        {
            Console.Error.WriteLine("usage: TinyWorker.Chaos [--seconds N | --minutes N] [--seed N]");
            return UsageError;
        }

        Console.WriteLine($"chaos for {time}, seed {seed}, {Environment.ProcessorCount} processors");
        var figures = new Figures();
        using var lines = new Timer(_ => figures.TellProgress(), null, BetweenLines, BetweenLines);
        try
        {
            await RunAsync(figures, time, seed);
        }
        catch (Exception e)
        {
            figures.Fail("stuck", e.ToString());
        }

        if (!figures.HasFailed) figures.CheckThatThereWasChaos();
        figures.TellAll();
        Console.WriteLine(figures.Verdict(seed));
        return figures.HasFailed ? Failed : Held;
    }

    private static async Task RunAsync(Figures figures, TimeSpan time, long seed)
    {
        string[]? handles = null;
        for (var end = DateTime.UtcNow + time; DateTime.UtcNow < end;)
        {
            var left = end - DateTime.UtcNow;
            using var round = new Round(figures, unchecked((seed * 1_000_003) + figures.Rounds), left < LongestRound ? left : LongestRound);
            await round.RunAsync();
            var now = Leftovers.Handles();
            // The first round opens what is opened once in a process.
            handles ??= now;
            if (now.Length > handles.Length)
                figures.Fail("left behind", $"{now.Length} handles after round {figures.Rounds}, {handles.Length} after the first; new are {string.Join(", ", now.Except(handles))}");
        }
    }

    private static bool TryParse(string[] arguments, out TimeSpan time, out long seed)
    {
        time = TimeSpan.FromSeconds(60);
        seed = DateTime.UtcNow.Ticks % 1_000_000;
        for (var i = 0; i < arguments.Length; i += 2)
        {
            if (i + 1 == arguments.Length || !long.TryParse(arguments[i + 1], CultureInfo.InvariantCulture, out var number) || number < 1) return false;
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
