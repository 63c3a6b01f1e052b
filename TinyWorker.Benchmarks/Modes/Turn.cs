using System.Diagnostics;

namespace TinyWorker.Benchmarks.Modes;

/// <summary>
/// One of several things that are measured by turns, so that other work on the machine slows all of them alike.
/// </summary>
/// <param name="items">How many items one run handles.</param>
/// <param name="run">Runs once, and returns how long the part that counts took.</param>
internal sealed class Turn(int items, Func<Task<TimeSpan>> run)
{
    // A turn that hangs fails. The longest takes seconds.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly List<double> _nanoseconds = [];
    private readonly List<double> _pauses = [];
    private readonly List<double> _switches = [];

    /// <summary>The median time of an item.</summary>
    public double Nanoseconds => Medians.Of(_nanoseconds);

    /// <summary>The median of the time for which collections stopped the program, for an item.</summary>
    public double PauseNanoseconds => Medians.Of(_pauses);

    /// <summary>The median of how often a thread went to sleep, for 1,000 items; nothing where the system does not tell it.</summary>
    public double? SwitchesOfThousand => _switches.Count == 0 ? null : Medians.Of(_switches);

    /// <summary>The median of the ratios of the rounds.</summary>
    public double RatioTo(Turn other) => Medians.OfRatios(_nanoseconds, other._nanoseconds);

    public static async Task TakeAsync(IReadOnlyList<Turn> turns, TimeSpan warmUp, int rounds)
    {
        foreach (var turn in turns)
        {
            for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started) < warmUp;) await turn.RunAsync();
            turn._nanoseconds.Clear();
            turn._pauses.Clear();
            turn._switches.Clear();
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var turn in turns) await turn.RunAsync();
        }
    }

    private async Task RunAsync()
    {
        // Each turn starts with a clean heap: nothing pays for the garbage of the turn before.
        GC.Collect();
        GC.WaitForPendingFinalizers();

        var paused = GC.GetTotalPauseDuration();
        var switches = ContextSwitches.Voluntary;
        // A turn starts outside of the pool: what blocks there would occupy a thread that the others may need.
        var time = await Task.Factory
            .StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap().WaitAsync(Deadline);
        switches = ContextSwitches.Voluntary - switches;
        paused = GC.GetTotalPauseDuration() - paused;
        _nanoseconds.Add(time.TotalNanoseconds / items);
        _pauses.Add(paused.TotalNanoseconds / items);
        if (switches is { } count) _switches.Add(1_000.0 * count / items);
    }
}
