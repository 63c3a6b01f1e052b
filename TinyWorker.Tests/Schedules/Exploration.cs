using System.Runtime.ExceptionServices;
using TinyWorker.Diagnostics;

namespace TinyWorker.Tests.Schedules;

/// <summary>Runs a program under many schedules, on all cores: the schedules know nothing of each other.</summary>
internal sealed class Exploration(Action<ProgramRun> program, bool onPool, PlantedBug planted = PlantedBug.None)
{
    private readonly Lock _lock = new();
    private (int Seed, string Failure)? _found;   // guarded by _lock
    private int _next;                            // the next seed to be run
    private int _end;                             // the seed not to be run any more
    private int _length;                          // how many steps one run takes, about
    private long _steps;

    /// <summary>How many steps were made in all schedules.</summary>
    public long Steps => Volatile.Read(ref _steps);

    /// <summary>Runs the schedules of so many seeds, from the first on, but no further than to a failure.</summary>
    /// <returns>The seed that failed, and how, if one did.</returns>
    public (int Seed, string Failure)? Run(int first, int count)
    {
        (_next, _end) = (first, first + count);
        AppDomain.CurrentDomain.FirstChanceException += OnException;
        try
        {
            var stock = new Stack<ActorThread>();
            (_length, var failure) = Run(0, new RandomWalk(0), stock);   // one and the same run, so that a seed means the same every time
            End(stock);
            if (failure is not null) return (0, failure);
            var lanes = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new Thread(RunLane) { IsBackground = true }).ToArray();
            foreach (var lane in lanes) lane.Start();
            foreach (var lane in lanes) lane.Join();
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= OnException;
        }

        return _found;
    }

    private void RunLane()
    {
        var stock = new Stack<ActorThread>();
        while (Interlocked.Increment(ref _next) - 1 is var seed && seed < Volatile.Read(ref _end))
        {
            var (steps, failure) = Run(seed, Strategy.Of(seed, _length), stock);
            Interlocked.Add(ref _steps, steps);
            if (failure is null) continue;
            Volatile.Write(ref _end, 0);
            lock (_lock) _found ??= (seed, failure);
        }

        End(stock);
    }

    private (int Steps, string? Failure) Run(int seed, Strategy strategy, Stack<ActorThread> stock)
    {
        var run = new ProgramRun(onPool, seed);
        return Scheduler.Run(
            () =>
            {
                program(run);
                run.End();
            },
            run.Check, strategy, stock, planted);
    }

    private static void End(Stack<ActorThread> stock)
    {
        foreach (var thread in stock) thread.Dispose();
    }

    // A broken invariant of the core fails the schedule there and then: on its way up it could be caught.
    private static void OnException(object? sender, FirstChanceExceptionEventArgs e)
    {
        if (e.Exception.GetType().Name == "DebugAssertException" && Schedule.Scheduler is Scheduler scheduler) scheduler.Fail(e.Exception.ToString());
    }
}
